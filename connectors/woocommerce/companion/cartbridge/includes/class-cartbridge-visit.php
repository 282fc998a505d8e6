<?php
/**
 * The cart of the visitor's own request: what it was when the request began, and what it is now.
 *
 * @package CartBridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * WooCommerce writes a whole session back at the end of a request and so undoes what was written meanwhile.
 * Each session therefore carries the revision it was read at, and what moved meanwhile is merged before it is saved.
 */
final class Cartbridge_Visit {

	const REVISION_KEY = 'cartbridge_revision';

	/**
	 * Row key => quantity when the request began.
	 *
	 * @var array<string, float>
	 */
	private $base = array();

	/**
	 * The codes when the request began.
	 *
	 * @var string[]
	 */
	private $base_codes = array();

	/**
	 * The cart's revision when the request began.
	 *
	 * @var int
	 */
	private $revision = 0;

	/**
	 * Remembers how the cart is now.
	 *
	 * @param WC_Session $session The visitor's session.
	 */
	public function begin( $session ) {
		$this->base       = self::quantities( (array) $session->get( 'cart', array() ) );
		$this->base_codes = (array) $session->get( 'applied_coupons', array() );
		$this->revision   = (int) $session->get( self::REVISION_KEY, 0 );
	}

	/**
	 * Whether something of the session is yet to be saved.
	 *
	 * @param WC_Session $session The visitor's session.
	 * @return bool
	 */
	public static function is_dirty( $session ) {
		$look = function () {
			return isset( $this->_dirty ) ? (bool) $this->_dirty : true;
		};
		return (bool) Closure::bind( $look, $session, WC_Session::class )();
	}

	/**
	 * Takes in what the gateway, or another request, has written since this request began.
	 *
	 * Quantities move by differences: what both sides changed adds up.
	 *
	 * @param WC_Session $session The visitor's session.
	 * @param WC_Cart    $cart    The visitor's cart; it is changed and calculated anew.
	 * @return bool Whether there was anything.
	 */
	public function take_in( $session, WC_Cart $cart ) {
		$stored = Cartbridge_Sessions::read( $session->get_customer_id() );
		$theirs = null === $stored ? 0 : (int) ( $stored[ self::REVISION_KEY ] ?? 0 );
		if ( $theirs <= $this->revision ) {
			return false;
		}
		$cart->set_cart_contents( $this->merged( (array) ( $stored['cart'] ?? array() ), $cart->get_cart_contents() ) );
		$codes  = (array) ( $stored['applied_coupons'] ?? array() );
		$mine   = $cart->get_applied_coupons();
		$gained = array_diff( $mine, $this->base_codes );
		$lost   = array_diff( $this->base_codes, $mine );
		$cart->set_applied_coupons( array_values( array_unique( array_merge( array_diff( $codes, $lost ), $gained ) ) ) );
		$cart->calculate_totals();
		$cart_session = new WC_Cart_Session( $cart );
		$cart_session->set_session();
		$cart_session->persistent_cart_update();
		$session->set( self::REVISION_KEY, $theirs );
		$this->begin( $session );
		return true;
	}

	/**
	 * The rows that both sides together make.
	 *
	 * @param array $theirs Rows as they are stored now.
	 * @param array $mine   Rows of this request, with their product.
	 * @return array
	 */
	private function merged( array $theirs, array $mine ) {
		$there  = self::quantities( $theirs );
		$here   = self::quantities( $mine );
		$merged = array();
		foreach ( array_keys( $there + $here ) as $key ) {
			$quantity = ( $there[ $key ] ?? 0 ) + ( $here[ $key ] ?? 0 ) - ( $this->base[ $key ] ?? 0 );
			$row      = $mine[ $key ] ?? $theirs[ $key ];
			$product  = $row['data'] ?? wc_get_product( $row['variation_id'] ? $row['variation_id'] : $row['product_id'] );
			if ( $quantity > 0 && $product ) {
				$merged[ $key ] = array_merge(
					$row,
					array(
						'quantity' => $quantity,
						'data'     => $product,
					)
				);
			}
		}
		return $merged;
	}

	/**
	 * Row key => quantity.
	 *
	 * @param array $rows WooCommerce's rows.
	 * @return array<string, float>
	 */
	private static function quantities( array $rows ) {
		$quantities = array();
		foreach ( $rows as $key => $row ) {
			if ( is_array( $row ) && isset( $row['quantity'] ) ) {
				$quantities[ $key ] = $row['quantity'];
			}
		}
		return $quantities;
	}
}
