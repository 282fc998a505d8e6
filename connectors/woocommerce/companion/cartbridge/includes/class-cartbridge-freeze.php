<?php
/**
 * Stops the checkout while a till holds the cart.
 *
 * @package CartBridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Tells the shopper where her cart is, in the classic checkout, the block's, and on the page that pays an order.
 */
final class Cartbridge_Freeze {

	const IN_MINUTES = 60;

	/**
	 * Hooks each way to pay.
	 */
	public static function hook() {
		add_action( 'woocommerce_check_cart_items', array( __CLASS__, 'check_classic' ) );
		add_action( 'woocommerce_cart_has_errors', array( __CLASS__, 'explain' ) );
		add_action( 'woocommerce_store_api_cart_errors', array( __CLASS__, 'check_block' ) );
		add_action( 'woocommerce_before_pay_action', array( __CLASS__, 'check_order' ) );
		add_filter( 'render_block_woocommerce/cart', array( __CLASS__, 'before_block' ) );
		add_filter( 'render_block_woocommerce/checkout', array( __CLASS__, 'before_block' ) );
	}

	/**
	 * A notice in the classic cart; an error, which stops it, in the classic checkout.
	 */
	public static function check_classic() {
		if ( defined( 'REST_REQUEST' ) && REST_REQUEST ) {
			return;
		}
		$said = self::of_visitor();
		if ( null !== $said && ! wc_has_notice( $said, is_checkout() ? 'error' : 'notice' ) ) {
			wc_add_notice( esc_html( $said ), is_checkout() ? 'error' : 'notice' );
		}
	}

	/**
	 * The sentence on the page that the classic checkout shows instead of its form.
	 */
	public static function explain() {
		$said = self::of_visitor();
		if ( null !== $said ) {
			echo '<p class="cartbridge-frozen" role="status">' . esc_html( $said ) . '</p>';
		}
	}

	/**
	 * An error of the cart, with which the block's checkout refuses.
	 *
	 * @param WP_Error $errors The cart's errors.
	 */
	public static function check_block( $errors ) {
		$said = self::of_visitor();
		if ( null !== $said ) {
			$errors->add( 'cartbridge_cart_at_till', $said );
		}
	}

	/**
	 * Sends back who would pay an order whose cart is at a till.
	 *
	 * @param WC_Order $order The order.
	 */
	public static function check_order( $order ) {
		$cart_id = (string) $order->get_meta( Cartbridge_Orders::CART );
		$said    = '' === $cart_id ? null : self::of( $cart_id );
		if ( null !== $said ) {
			wc_add_notice( esc_html( $said ), 'error' );
			wp_safe_redirect( $order->get_checkout_payment_url() );
			exit;
		}
	}

	/**
	 * The sentence above the cart and checkout blocks.
	 *
	 * @param string $html The block.
	 * @return string
	 */
	public static function before_block( $html ) {
		$said = self::of_visitor();
		return null === $said ? $html : '<div class="cartbridge-frozen" role="status">' . esc_html( $said ) . '</div>' . $html;
	}

	/**
	 * The sentence for the visitor; null if her cart is not at a till.
	 *
	 * @return string|null
	 */
	private static function of_visitor() {
		return WC()->session instanceof WC_Session ? self::of( Cartbridge_Observer::cart_id() ) : null;
	}

	/**
	 * The sentence for a cart; null if it is not at a till.
	 *
	 * @param string $cart_id The cart.
	 * @return string|null
	 */
	private static function of( $cart_id ) {
		$row = Cartbridge_Rows::find( $cart_id );
		if ( ! $row || (int) $row->frozen_until <= time() ) {
			return null;
		}
		$minutes = (int) ceil( ( (int) $row->frozen_until - time() ) / MINUTE_IN_SECONDS );
		if ( $minutes > self::IN_MINUTES ) {
			return sprintf(
				/* translators: 1: name of a store, 2: a time of day. */
				__( 'Your cart is at the till in %1$s. To take it back, ask the till to put it back, or wait: it comes back by itself at %2$s at the latest.', 'cartbridge' ),
				$row->frozen_where,
				wp_date( get_option( 'time_format' ), (int) $row->frozen_until )
			);
		}
		return sprintf(
			/* translators: 1: name of a store, 2: number of minutes. */
			_n(
				'Your cart is at the till in %1$s. To take it back, ask the till to put it back, or wait: it comes back by itself in %2$d minute.',
				'Your cart is at the till in %1$s. To take it back, ask the till to put it back, or wait: it comes back by itself in %2$d minutes.',
				$minutes,
				'cartbridge'
			),
			$row->frozen_where,
			$minutes
		);
	}
}
