<?php
/**
 * "My cart in the store": the visitor's own code and QR for the till.
 *
 * @package CartBridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Shows it by shortcode, by block and on the cart page; made on this server, so that no browser holds a key.
 */
final class Cartbridge_My_Cart {

	const FIELD      = 'cartbridge_show';
	const KEPT       = 'cartbridge_pass';
	const KEPT_AGAIN = 90;

	/**
	 * Hooks shortcode, block and both cart pages.
	 */
	public static function hook() {
		add_action( 'init', array( __CLASS__, 'register' ) );
		add_action( 'woocommerce_after_cart', array( __CLASS__, 'after_classic_cart' ) );
		add_filter( 'render_block_woocommerce/cart', array( __CLASS__, 'after_cart_block' ), 20 );
	}

	/**
	 * Registers shortcode, style and block.
	 */
	public static function register() {
		add_shortcode( 'cartbridge_my_cart', array( __CLASS__, 'shortcode' ) );
		wp_register_style( 'cartbridge-my-cart', plugins_url( 'assets/my-cart.css', CARTBRIDGE_FILE ), array(), CARTBRIDGE_VERSION );
		wp_register_script( 'cartbridge-my-cart-block', plugins_url( 'assets/my-cart-block.js', CARTBRIDGE_FILE ), array( 'wp-blocks', 'wp-element', 'wp-block-editor' ), CARTBRIDGE_VERSION, true );
		wp_add_inline_script(
			'cartbridge-my-cart-block',
			'window.cartbridgeBlock = ' . wp_json_encode(
				array(
					'title' => __( 'My cart in the store', 'cartbridge' ),
					'hint'  => __( 'Shows the visitor’s own code and QR for the till.', 'cartbridge' ),
				)
			) . ';',
			'before'
		);
		register_block_type(
			'cartbridge/my-cart',
			array(
				'api_version'           => 2,
				'title'                 => __( 'My cart in the store', 'cartbridge' ),
				'category'              => 'woocommerce',
				'icon'                  => 'store',
				'editor_script_handles' => array( 'cartbridge-my-cart-block' ),
				'style_handles'         => array( 'cartbridge-my-cart' ),
				'render_callback'       => array( __CLASS__, 'shortcode' ),
			)
		);
	}

	/**
	 * The page or block made for it: the code is shown at once.
	 *
	 * @return string
	 */
	public static function shortcode() {
		return self::show( true );
	}

	/**
	 * Below the classic cart.
	 */
	public static function after_classic_cart() {
		if ( Cartbridge_Settings::on_cart_page() ) {
			echo self::show( false ); // phpcs:ignore WordPress.Security.EscapeOutput.OutputNotEscaped -- escaped where it is made.
		}
	}

	/**
	 * Below the cart block.
	 *
	 * @param string $html The block.
	 * @return string
	 */
	public static function after_cart_block( $html ) {
		return Cartbridge_Settings::on_cart_page() ? $html . self::show( false ) : $html;
	}

	/**
	 * The section; on the cart page a button first, because a code puts the cart on offer.
	 *
	 * @param bool $at_once Whether the code is shown without being asked for.
	 * @return string
	 */
	private static function show( $at_once ) {
		if ( ! Cartbridge_Settings::complete() || ! WC()->session instanceof WC_Session || ! WC()->cart ) {
			return '';
		}
		if ( ! $at_once && WC()->cart->is_empty() ) {
			return '';
		}
		wp_enqueue_style( 'cartbridge-my-cart' );
		$asked = $at_once || self::is_asked();
		$inner = $asked ? self::code() : self::button();
		$title = esc_html__( 'My cart in the store', 'cartbridge' );
		return '<section class="cartbridge-my-cart" id="cartbridge-my-cart" aria-label="' . esc_attr( $title ) . '">' . ( $at_once ? '' : '<h2>' . $title . '</h2>' ) . $inner . '</section>';
	}

	/**
	 * Whether the visitor pressed the button.
	 *
	 * @return bool
	 */
	private static function is_asked() {
		return isset( $_POST[ self::FIELD ], $_POST['_cartbridge'] ) && wp_verify_nonce( sanitize_text_field( wp_unslash( $_POST['_cartbridge'] ) ), self::FIELD );
	}

	/**
	 * The button.
	 *
	 * @return string
	 */
	private static function button() {
		return '<p>' . esc_html__( 'Pay in one of our stores: show your cart at the till.', 'cartbridge' ) . '</p>'
			. '<form method="post" action="#cartbridge-my-cart">' . wp_nonce_field( self::FIELD, '_cartbridge', false, false )
			. '<button type="submit" class="button wp-element-button" name="' . esc_attr( self::FIELD ) . '" value="1">' . esc_html__( 'Show at the till', 'cartbridge' ) . '</button></form>';
	}

	/**
	 * The code, or why there is none.
	 *
	 * @return string
	 */
	private static function code() {
		nocache_headers();
		$made = self::handover();
		if ( null !== $made['problem'] ) {
			return '<p class="cartbridge-problem" role="status">' . esc_html( Cartbridge_Words::of_pass( $made['problem'] ) ) . '</p>';
		}
		$pass = $made['handover'];
		$code = (string) ( $pass['short_code'] ?? '' );
		$code = preg_match( '/^\d{8}$/', $code ) ? substr( $code, 0, 4 ) . ' ' . substr( $code, 4 ) : $code;
		$html = '<p>' . esc_html__( 'Show this code at the till.', 'cartbridge' ) . '</p><div class="cartbridge-code">';
		if ( $pass['qr'] ) {
			$html .= '<img class="cartbridge-qr" alt="' . esc_attr__( 'QR code for the till', 'cartbridge' ) . '" src="' . esc_attr( $pass['qr'] ) . '" width="240" height="240">';
		}
		$html .= '<p class="cartbridge-short-code">' . esc_html( $code ) . '</p></div>';
		$html .= '<p>' . esc_html(
			sprintf(
				/* translators: %s: a time of day. */
				__( 'Valid until %s.', 'cartbridge' ),
				wp_date( get_option( 'time_format' ), strtotime( $pass['expires_at'] ) )
			)
		) . '</p>';
		return $html . '<p><a href="' . esc_url( $pass['pass_url'] ) . '" rel="noreferrer">' . esc_html__( 'Keep my cart on my phone', 'cartbridge' ) . '</a></p>';
	}

	/**
	 * The visitor's hand-over: a fresh one, or the one made a moment ago for the same cart.
	 *
	 * @return array{problem: string|null, handover: array|null}
	 */
	private static function handover() {
		if ( WC()->cart->is_empty() ) {
			return array(
				'problem'  => 'no_cart',
				'handover' => null,
			);
		}
		$cart_id = Cartbridge_Observer::cart_id();
		$kept    = WC()->session->get( self::KEPT );
		if ( is_array( $kept ) && $kept['cart'] === $cart_id && $kept['until'] > time() && WC()->cart->get_cart_hash() === $kept['hash'] ) {
			return array(
				'problem'  => null,
				'handover' => $kept['handover'],
			);
		}
		Cartbridge_Delivery::deliver_cart( $cart_id );
		$made = Cartbridge_Gateway::handover( $cart_id );
		if ( null === $made['problem'] ) {
			$made['handover']       = array_intersect_key( $made['handover'], array_flip( array( 'short_code', 'pass_url', 'expires_at', 'qr_svg_url' ) ) );
			$made['handover']['qr'] = Cartbridge_Gateway::qr( $made['handover']['qr_svg_url'] );
			WC()->session->set(
				self::KEPT,
				array(
					'cart'     => $cart_id,
					'hash'     => WC()->cart->get_cart_hash(),
					'until'    => time() + self::KEPT_AGAIN,
					'handover' => $made['handover'],
				)
			);
		}
		return $made;
	}
}
