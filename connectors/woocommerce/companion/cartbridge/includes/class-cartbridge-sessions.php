<?php
/**
 * WooCommerce's table of sessions, read past every cache.
 *
 * @package CartBridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Reads what is stored of somebody's session.
 */
final class Cartbridge_Sessions {

	/**
	 * A session's values; null if there is none, or it is over.
	 *
	 * @param string $cart_id The session's key: user id, or `t_…`.
	 * @return array|null
	 */
	public static function read( $cart_id ) {
		$row = self::row( $cart_id );
		return $row ? self::values( $row ) : null;
	}

	/**
	 * A session's row, if it is not over.
	 *
	 * @param string $cart_id The session's key.
	 * @return object|null
	 */
	public static function row( $cart_id ) {
		global $wpdb;
		return $wpdb->get_row( $wpdb->prepare( 'SELECT session_value, session_expiry FROM %i WHERE session_key = %s AND session_expiry > %d', $wpdb->prefix . 'woocommerce_sessions', $cart_id, time() ) );
	}

	/**
	 * The values of a row; what WooCommerce stored twice over is unpacked.
	 *
	 * @param object $row The row.
	 * @return array
	 */
	public static function values( $row ) {
		$values = maybe_unserialize( $row->session_value );
		return is_array( $values ) ? array_map( 'maybe_unserialize', $values ) : array();
	}

	/**
	 * Whether an id is a guest's.
	 *
	 * @param string $cart_id The cart.
	 * @return bool
	 */
	public static function is_guest( $cart_id ) {
		return 0 === strpos( $cart_id, 't_' );
	}

	/**
	 * The user whose cart it is; 0 for a guest's, null if there is no such user.
	 *
	 * @param string $cart_id The cart.
	 * @return int|null
	 */
	public static function user( $cart_id ) {
		if ( self::is_guest( $cart_id ) ) {
			return 0;
		}
		return ctype_digit( $cart_id ) && get_userdata( (int) $cart_id ) ? (int) $cart_id : null;
	}
}
