<?php
/**
 * Messages on their way to the gateway, written with the change that they tell.
 *
 * @package CartBridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * One row per message and webhook, until it is answered 2xx.
 */
final class Cartbridge_Outbox {

	const LEASE   = 60;
	const LATER   = 20;
	const LONGEST = 600;

	/**
	 * Writes a message for every webhook of the topic. Call it in the transaction of the change.
	 *
	 * What was not delivered yet of the same cart is left out, unless it must be told by itself.
	 *
	 * @param array $cart  The cart (Cartbridge_Rows::show).
	 * @param bool  $keep  Whether it is always delivered: a log-in, a sale.
	 * @param bool  $later Whether it need not leave with this request, because the gateway has it by its answer.
	 */
	public static function add( array $cart, $keep = false, $later = false ) {
		global $wpdb;
		$table = Cartbridge_Schema::table( 'outbox' );
		$body  = trim( wp_json_encode( $cart ) );
		foreach ( Cartbridge_Topic::webhooks() as $webhook ) {
			Cartbridge_Database::must(
				$wpdb->delete(
					$table,
					array(
						'webhook_id' => $webhook->get_id(),
						'cart_id'    => $cart['external_id'],
						'keep'       => 0,
					)
				)
			);
			Cartbridge_Database::must(
				$wpdb->insert(
					$table,
					array(
						'webhook_id' => $webhook->get_id(),
						'cart_id'    => $cart['external_id'],
						'revision'   => $cart['revision'],
						'keep'       => $keep ? 1 : 0,
						'body'       => $body,
						'due_at'     => time() + ( $later ? self::LATER : 0 ),
						'created_at' => time(),
					)
				)
			);
		}
		Cartbridge_Delivery::expect( $cart['external_id'], $later );
	}

	/**
	 * The messages that are due: of each cart only the oldest, so that they leave in order.
	 *
	 * @param int         $limit   How many at most.
	 * @param string|null $cart_id Of this cart alone, whether due or not.
	 * @return object[]
	 */
	public static function due( $limit, $cart_id = null ) {
		global $wpdb;
		$table = Cartbridge_Schema::table( 'outbox' );
		if ( null !== $cart_id ) {
			return (array) $wpdb->get_results(
				$wpdb->prepare(
					'SELECT o.* FROM %i o WHERE o.cart_id = %s AND NOT EXISTS (SELECT 1 FROM %i p WHERE p.webhook_id = o.webhook_id AND p.cart_id = o.cart_id AND p.id < o.id) ORDER BY o.id LIMIT %d',
					$table,
					$cart_id,
					$table,
					$limit
				)
			);
		}
		return (array) $wpdb->get_results(
			$wpdb->prepare(
				'SELECT o.* FROM %i o WHERE o.due_at <= %d AND NOT EXISTS (SELECT 1 FROM %i p WHERE p.webhook_id = o.webhook_id AND p.cart_id = o.cart_id AND p.id < o.id) ORDER BY o.id LIMIT %d',
				$table,
				time(),
				$table,
				$limit
			)
		);
	}

	/**
	 * Takes a message for this process; of several that try, one gets it.
	 *
	 * @param object $message The message as it was read.
	 * @return bool
	 */
	public static function lease( $message ) {
		global $wpdb;
		$taken = $wpdb->query(
			$wpdb->prepare(
				'UPDATE %i SET due_at = %d, attempts = attempts + 1 WHERE id = %d AND attempts = %d',
				Cartbridge_Schema::table( 'outbox' ),
				time() + self::LEASE,
				$message->id,
				$message->attempts
			)
		);
		return 1 === $taken;
	}

	/**
	 * Forgets a message that was delivered, or whose webhook is gone.
	 *
	 * @param object $message The message.
	 */
	public static function done( $message ) {
		global $wpdb;
		$wpdb->delete( Cartbridge_Schema::table( 'outbox' ), array( 'id' => $message->id ) );
	}

	/**
	 * Puts a message off after a failure: 15 s, 30 s, … up to ten minutes.
	 *
	 * @param object   $message The message, as it was before the lease.
	 * @param int|null $asked   Seconds that the gateway itself asked for.
	 */
	public static function put_off( $message, $asked = null ) {
		global $wpdb;
		$pause = $asked ?? 15 * ( 2 ** min( 6, (int) $message->attempts ) );
		$wpdb->update( Cartbridge_Schema::table( 'outbox' ), array( 'due_at' => time() + min( self::LONGEST, max( 1, $pause ) ) ), array( 'id' => $message->id ) );
	}

	/**
	 * Makes everything due at once: the gateway is back.
	 */
	public static function hurry() {
		global $wpdb;
		$wpdb->query( $wpdb->prepare( 'UPDATE %i SET due_at = %d WHERE attempts > 0 AND due_at > %d', Cartbridge_Schema::table( 'outbox' ), time(), time() + self::LEASE ) );
	}

	/**
	 * How many messages wait.
	 *
	 * @return int
	 */
	public static function waiting() {
		global $wpdb;
		return (int) $wpdb->get_var( $wpdb->prepare( 'SELECT COUNT(*) FROM %i', Cartbridge_Schema::table( 'outbox' ) ) );
	}
}
