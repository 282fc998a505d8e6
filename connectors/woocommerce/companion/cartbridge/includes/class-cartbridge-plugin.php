<?php
/**
 * Starts the plugin's parts, each of which hooks itself in.
 *
 * @package CartBridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Wires the plugin into WordPress and WooCommerce.
 */
final class Cartbridge_Plugin {

	/**
	 * Starts everything, or tells the administrator what is missing.
	 */
	public static function start() {
		add_action( 'init', array( __CLASS__, 'speak' ), 1 );
		if ( ! class_exists( 'WooCommerce' ) || version_compare( WC()->version, '8.9', '<' ) ) {
			add_action( 'admin_notices', array( __CLASS__, 'say_what_is_missing' ) );
			return;
		}
		Cartbridge_Schema::hook();
		Cartbridge_Topic::hook();
		Cartbridge_Observer::hook();
		Cartbridge_Orders::hook();
		Cartbridge_Delivery::hook();
		Cartbridge_Freeze::hook();
		Cartbridge_Rest::hook();
		Cartbridge_Gateway::hook();
		Cartbridge_My_Cart::hook();
		Cartbridge_Join::hook();
		Cartbridge_Privacy::hook();
		Cartbridge_Settings_Page::hook();
	}

	/**
	 * Loads the shopper's language.
	 */
	public static function speak() {
		load_plugin_textdomain( 'cartbridge', false, dirname( plugin_basename( CARTBRIDGE_FILE ) ) . '/languages' );
	}

	/**
	 * One sentence in the administration.
	 */
	public static function say_what_is_missing() {
		echo '<div class="notice notice-error"><p>' . esc_html__( 'CartBridge needs WooCommerce 8.9 or newer. Install or update it, then reload this page.', 'cartbridge' ) . '</p></div>';
	}
}
