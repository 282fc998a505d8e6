<?php
/**
 * Where the gateway is and how the shop is known there.
 *
 * @package CartBridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Reads the settings; constants in wp-config.php win over what was typed.
 */
final class Cartbridge_Settings {

	const OPTION    = 'cartbridge_settings';
	const CONSTANTS = array(
		'gateway_url' => 'CARTBRIDGE_GATEWAY_URL',
		'shop_key'    => 'CARTBRIDGE_SHOP_KEY',
		'connection'  => 'CARTBRIDGE_CONNECTION',
	);

	/**
	 * One setting; an empty text if it was never set.
	 *
	 * @param string $name gateway_url, shop_key, connection or cart_page.
	 * @return string
	 */
	public static function get( $name ) {
		if ( self::is_constant( $name ) ) {
			return (string) constant( self::CONSTANTS[ $name ] );
		}
		$all = get_option( self::OPTION, array() );
		return (string) ( $all[ $name ] ?? '' );
	}

	/**
	 * Whether a setting comes from wp-config.php.
	 *
	 * @param string $name The setting.
	 * @return bool
	 */
	public static function is_constant( $name ) {
		return isset( self::CONSTANTS[ $name ] ) && defined( self::CONSTANTS[ $name ] );
	}

	/**
	 * Whether the shop can ask the gateway for passes and joins.
	 *
	 * @return bool
	 */
	public static function complete() {
		return '' !== self::get( 'gateway_url' ) && '' !== self::get( 'shop_key' ) && '' !== self::get( 'connection' );
	}

	/**
	 * Whether the visitor's pass is shown on the cart page.
	 *
	 * @return bool
	 */
	public static function on_cart_page() {
		return 'no' !== self::get( 'cart_page' );
	}
}
