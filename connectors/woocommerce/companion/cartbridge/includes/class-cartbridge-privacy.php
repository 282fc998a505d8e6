<?php
/**
 * What the plugin knows of a person, and how it forgets it.
 *
 * @package CartBridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Erases by WordPress's own tools, with an account, and by age.
 */
final class Cartbridge_Privacy {

	const KEEP_SECONDS = 30 * DAY_IN_SECONDS;

	/**
	 * Hooks erasure, deleted accounts and the daily forgetting.
	 */
	public static function hook() {
		add_action( 'deleted_user', array( __CLASS__, 'forget_user' ) );
		add_action( 'cartbridge_forget', array( __CLASS__, 'forget_old' ) );
		add_filter(
			'wp_privacy_personal_data_erasers',
			static function ( $erasers ) {
				$erasers['cartbridge'] = array(
					'eraser_friendly_name' => __( 'Carts told to the stores (CartBridge)', 'cartbridge' ),
					'callback'             => array( __CLASS__, 'erase' ),
				);
				return $erasers;
			}
		);
		add_action(
			'init',
			static function () {
				if ( ! wp_next_scheduled( 'cartbridge_forget' ) ) {
					wp_schedule_event( time() + HOUR_IN_SECONDS, 'daily', 'cartbridge_forget' );
				}
			}
		);
	}

	/**
	 * Erases what is kept under an e-mail address.
	 *
	 * @param string $email The address.
	 * @return array WordPress's answer of an eraser.
	 */
	public static function erase( $email ) {
		global $wpdb;
		$user  = get_user_by( 'email', $email );
		$carts = $user ? array( (string) $user->ID ) : array();
		$like  = '%' . $wpdb->esc_like( '"email":' . wp_json_encode( $email ) ) . '%';
		$carts = array_merge( $carts, (array) $wpdb->get_col( $wpdb->prepare( 'SELECT cart_id FROM %i WHERE content LIKE %s', Cartbridge_Schema::table( 'carts' ), $like ) ) );
		foreach ( array_unique( $carts ) as $cart_id ) {
			self::forget( $cart_id );
		}
		return array(
			'items_removed'  => (bool) $carts,
			'items_retained' => false,
			'messages'       => array(),
			'done'           => true,
		);
	}

	/**
	 * Forgets a deleted account's cart.
	 *
	 * @param int $user_id The account.
	 */
	public static function forget_user( $user_id ) {
		self::forget( (string) $user_id );
	}

	/**
	 * Forgets, after 30 days, answers to writes, and guest carts whose session is over.
	 */
	public static function forget_old() {
		global $wpdb;
		$since = time() - self::KEEP_SECONDS;
		$wpdb->query( $wpdb->prepare( 'DELETE FROM %i WHERE answered_at < %d', Cartbridge_Schema::table( 'pushes' ), $since ) );
		$wpdb->query(
			$wpdb->prepare(
				"DELETE c FROM %i c LEFT JOIN %i s ON s.session_key = c.cart_id WHERE c.cart_id LIKE 't\\_%%' AND c.changed_at < %d AND s.session_key IS NULL",
				Cartbridge_Schema::table( 'carts' ),
				$wpdb->prefix . 'woocommerce_sessions',
				$since
			)
		);
	}

	/**
	 * Takes the person out of a cart's row; revision and sale number stay, so that nothing is told twice.
	 *
	 * @param string $cart_id The cart.
	 */
	private static function forget( $cart_id ) {
		global $wpdb;
		$wpdb->update( Cartbridge_Schema::table( 'carts' ), array( 'content' => null, 'refused' => null ), array( 'cart_id' => $cart_id ) ); // phpcs:ignore WordPress.Arrays.ArrayDeclarationSpacing.AssociativeArrayFound -- short.
		$wpdb->delete( Cartbridge_Schema::table( 'pushes' ), array( 'cart_id' => $cart_id ) );
		$wpdb->delete( Cartbridge_Schema::table( 'outbox' ), array( 'cart_id' => $cart_id ) );
	}
}
