<?php
/**
 * Plugin Name:          CartBridge
 * Description:          One cart, online and in the store: tells the CartBridge gateway of every change of every cart, takes the carts of the stores, and shows shoppers the code for the till.
 * Version:              1.0.0
 * Requires at least:    6.5
 * Requires PHP:         7.4
 * Requires Plugins:     woocommerce
 * WC requires at least: 8.9
 * WC tested up to:      11.0
 * License:              GPL-2.0-or-later
 * License URI:          https://www.gnu.org/licenses/gpl-2.0.html
 * Text Domain:          cartbridge
 * Domain Path:          /languages
 *
 * @package CartBridge
 */

defined( 'ABSPATH' ) || exit;

define( 'CARTBRIDGE_VERSION', '1.0.0' );
define( 'CARTBRIDGE_FILE', __FILE__ );
define( 'CARTBRIDGE_PATH', __DIR__ . '/' );

spl_autoload_register(
	static function ( $name ) {
		if ( 0 === strpos( $name, 'Cartbridge_' ) ) {
			$file = CARTBRIDGE_PATH . 'includes/class-' . strtolower( str_replace( '_', '-', $name ) ) . '.php';
			if ( is_readable( $file ) ) {
				require $file;
			}
		}
	}
);

register_activation_hook( __FILE__, array( 'Cartbridge_Schema', 'install' ) );
register_deactivation_hook( __FILE__, array( 'Cartbridge_Delivery', 'unschedule' ) );

add_action(
	'before_woocommerce_init',
	static function () {
		if ( class_exists( \Automattic\WooCommerce\Utilities\FeaturesUtil::class ) ) {
			\Automattic\WooCommerce\Utilities\FeaturesUtil::declare_compatibility( 'custom_order_tables', CARTBRIDGE_FILE, true );
			\Automattic\WooCommerce\Utilities\FeaturesUtil::declare_compatibility( 'cart_checkout_blocks', CARTBRIDGE_FILE, true );
		}
	}
);

// Before WooCommerce loads its webhooks and begins the visitor's session (`init`, priority 0).
add_action( 'plugins_loaded', array( 'Cartbridge_Plugin', 'start' ), 20 );
