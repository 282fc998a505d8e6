<?php
/**
 * WooCommerce → CartBridge: where the gateway is, and whether it hears the shop.
 *
 * @package CartBridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * The settings page, for administrators: the address opens a way out of the shop, and the key is a secret.
 */
final class Cartbridge_Settings_Page {

	const SLUG       = 'cartbridge';
	const CAPABILITY = 'manage_options';

	/**
	 * Hooks menu and form.
	 */
	public static function hook() {
		add_action( 'admin_menu', array( __CLASS__, 'add' ), 60 );
		add_action( 'admin_post_cartbridge_save', array( __CLASS__, 'save' ) );
	}

	/**
	 * Adds the page below WooCommerce.
	 */
	public static function add() {
		add_submenu_page( 'woocommerce', 'CartBridge', 'CartBridge', self::CAPABILITY, self::SLUG, array( __CLASS__, 'show' ) );
	}

	/**
	 * Saves what was typed; an empty key keeps the one there is.
	 */
	public static function save() {
		if ( ! current_user_can( self::CAPABILITY ) ) {
			wp_die( esc_html__( 'Only an administrator may change this.', 'cartbridge' ), '', array( 'response' => 403 ) );
		}
		check_admin_referer( 'cartbridge_save' );
		$typed = static function ( $name ) {
			return isset( $_POST[ $name ] ) ? trim( sanitize_text_field( wp_unslash( $_POST[ $name ] ) ) ) : ''; // phpcs:ignore WordPress.Security.NonceVerification.Missing -- checked above.
		};
		$url   = untrailingslashit( esc_url_raw( $typed( 'gateway_url' ), array( 'http', 'https' ) ) );
		$key   = $typed( 'shop_key' );
		$old   = get_option( Cartbridge_Settings::OPTION, array() );
		update_option(
			Cartbridge_Settings::OPTION,
			array(
				'gateway_url' => $url,
				'connection'  => $typed( 'connection' ),
				'shop_key'    => '' === $key ? (string) ( $old['shop_key'] ?? '' ) : $key,
				'cart_page'   => 'yes' === $typed( 'cart_page' ) ? 'yes' : 'no',
			),
			false
		);
		wp_safe_redirect( admin_url( 'admin.php?page=' . self::SLUG . '&saved=1' ) );
		exit;
	}

	/**
	 * Shows the page.
	 */
	public static function show() {
		echo '<div class="wrap"><h1>CartBridge</h1>';
		if ( isset( $_GET['saved'] ) ) { // phpcs:ignore WordPress.Security.NonceVerification.Recommended -- only a word.
			echo '<div class="notice notice-success"><p>' . esc_html__( 'Saved.', 'cartbridge' ) . '</p></div>';
		}
		self::show_state();
		echo '<form method="post" action="' . esc_url( admin_url( 'admin-post.php' ) ) . '"><input type="hidden" name="action" value="cartbridge_save">';
		wp_nonce_field( 'cartbridge_save' );
		echo '<table class="form-table" role="presentation">';
		self::field( 'gateway_url', 'url', __( 'Gateway address', 'cartbridge' ), __( 'For example https://carts.example.fr', 'cartbridge' ) );
		self::field( 'connection', 'text', __( 'Connection', 'cartbridge' ), __( 'The name of this shop’s connection at the gateway.', 'cartbridge' ) );
		self::field( 'shop_key', 'password', __( 'Shop key', 'cartbridge' ), __( 'Begins with cb_. Leave empty to keep the one there is.', 'cartbridge' ) );
		echo '<tr><th scope="row">' . esc_html__( 'Cart page', 'cartbridge' ) . '</th><td><label><input type="checkbox" name="cart_page" value="yes" ' . checked( Cartbridge_Settings::on_cart_page(), true, false ) . '> ' . esc_html__( 'Offer “Show at the till” below the cart', 'cartbridge' ) . '</label></td></tr></table>';
		submit_button();
		echo '</form></div>';
	}

	/**
	 * Whether the gateway hears the shop.
	 */
	private static function show_state() {
		$hooks   = Cartbridge_Topic::webhooks();
		$failure = get_option( 'cartbridge_last_failure' );
		echo '<ul class="ul-disc">';
		if ( ! $hooks ) {
			echo '<li>' . esc_html__( 'No webhook for the topic “Cart changed (CartBridge)” yet: add one under Settings → Advanced → Webhooks, with the delivery URL and secret of your connection.', 'cartbridge' ) . '</li>';
		}
		foreach ( $hooks as $hook ) {
			/* translators: 1: name of a webhook, 2: its status. */
			echo '<li>' . esc_html( sprintf( __( 'Webhook “%1$s”: %2$s', 'cartbridge' ), $hook->get_name(), $hook->get_status() ) ) . '</li>';
		}
		/* translators: %d: a number of messages. */
		echo '<li>' . esc_html( sprintf( __( 'Messages waiting for the gateway: %d', 'cartbridge' ), Cartbridge_Outbox::waiting() ) ) . '</li>';
		if ( is_array( $failure ) ) {
			echo '<li>' . esc_html( wp_date( 'Y-m-d H:i', $failure['at'] ) . ' · ' . $failure['text'] ) . '</li>';
		}
		echo '</ul>';
	}

	/**
	 * One row of the form; a key is never shown.
	 *
	 * @param string $name  The setting.
	 * @param string $type  The input's type.
	 * @param string $label Its label.
	 * @param string $hint  What to enter.
	 */
	private static function field( $name, $type, $label, $hint ) {
		$fixed = Cartbridge_Settings::is_constant( $name );
		$value = 'password' === $type ? '' : Cartbridge_Settings::get( $name );
		echo '<tr><th scope="row"><label for="' . esc_attr( $name ) . '">' . esc_html( $label ) . '</label></th><td><input class="regular-text" autocomplete="off" id="' . esc_attr( $name ) . '" name="' . esc_attr( $name ) . '" type="' . esc_attr( $type ) . '" value="' . esc_attr( $value ) . '"' . disabled( $fixed, true, false ) . '><p class="description">' . esc_html( $fixed ? __( 'Set in wp-config.php.', 'cartbridge' ) : $hint ) . '</p></td></tr>';
	}
}
