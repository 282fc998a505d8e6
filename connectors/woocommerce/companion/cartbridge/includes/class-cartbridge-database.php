<?php
/**
 * Transactions: all of a change is written, or nothing of it.
 *
 * @package CartBridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Runs work in one database transaction.
 */
final class Cartbridge_Database {

	const ATTEMPTS     = 3;
	const WAIT_SECONDS = 5;

	/**
	 * Whether a transaction is open just now.
	 *
	 * @var bool
	 */
	private static $open = false;

	/**
	 * Runs `$work` in a transaction, again if the database gave it up for another one's sake.
	 *
	 * @param callable $work Its answer is answered.
	 * @return mixed
	 * @throws Cartbridge_Busy If the lock was not to be had.
	 * @throws Throwable What `$work` threw; nothing was written then.
	 */
	public static function transaction( callable $work ) {
		global $wpdb;
		if ( self::$open ) {
			return $work();
		}
		$wpdb->query( $wpdb->prepare( 'SET SESSION innodb_lock_wait_timeout = %d', self::WAIT_SECONDS ) );
		for ( $attempt = 1; ; $attempt++ ) {
			self::$open = true;
			$wpdb->query( 'START TRANSACTION' );
			try {
				$answer = $work();
				self::must( $wpdb->query( 'COMMIT' ) );
				return $answer;
			} catch ( Cartbridge_Busy $busy ) {
				$wpdb->query( 'ROLLBACK' );
				if ( self::ATTEMPTS === $attempt ) {
					throw $busy;
				}
			} catch ( Throwable $error ) {
				$wpdb->query( 'ROLLBACK' );
				throw $error;
			} finally {
				self::$open = false;
			}
		}
	}

	/**
	 * Passes on what a query answered; a query that failed ends the transaction.
	 *
	 * @param mixed $answer What wpdb answered; false is a failure.
	 * @return mixed
	 * @throws Cartbridge_Busy If the query failed.
	 */
	public static function must( $answer ) {
		global $wpdb;
		if ( false === $answer ) {
			throw new Cartbridge_Busy( 'The database refused a query: ' . preg_replace( "/'[^']*'/", "'…'", (string) $wpdb->last_error ) );
		}
		return $answer;
	}
}
