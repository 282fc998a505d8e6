<?php
/**
 * Takes everything away that the plugin has put into the database, when it is deleted.
 *
 * @package CartBridge
 */

defined( 'WP_UNINSTALL_PLUGIN' ) || exit;

require_once __DIR__ . '/includes/class-cartbridge-schema.php';

/**
 * Forgets this site's carts, messages and settings; order meta stays with its orders.
 */
function cartbridge_uninstall_site() {
	Cartbridge_Schema::drop();
	delete_option( 'cartbridge_settings' );
	delete_option( 'cartbridge_schema' );
	delete_option( 'cartbridge_quiet_until' );
	delete_option( 'cartbridge_last_failure' );
	wp_clear_scheduled_hook( 'cartbridge_deliver' );
	wp_clear_scheduled_hook( 'cartbridge_forget' );
	wp_unschedule_hook( 'cartbridge_tell_order' );
}

if ( is_multisite() ) {
	foreach ( get_sites( array( 'fields' => 'ids', 'number' => 0 ) ) as $cartbridge_site ) {
		switch_to_blog( $cartbridge_site );
		cartbridge_uninstall_site();
		restore_current_blog();
	}
} else {
	cartbridge_uninstall_site();
}
