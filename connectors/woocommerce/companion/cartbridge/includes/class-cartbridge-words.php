<?php
/**
 * What shoppers read when something is not possible just now.
 *
 * @package CartBridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * The gateway's reasons in words.
 */
final class Cartbridge_Words {

	/**
	 * Why a cart begun in a store could not be joined.
	 *
	 * @param string $problem The gateway's reason.
	 * @return string
	 */
	public static function of_join( $problem ) {
		switch ( $problem ) {
			case 'code_unknown':
			case 'not_found':
			case 'invalid_request':
				return __( 'We do not know this code. Check it, or ask for a new one in the store.', 'cartbridge' );
			case 'code_bound':
				return __( 'This code already belongs to another shopper.', 'cartbridge' );
			case 'code_used':
			case 'code_revoked':
			case 'code_lapsed':
			case 'cart_not_open':
				return __( 'This code has been used or has run out. Ask for a new one in the store.', 'cartbridge' );
			case 'code_wrong_direction':
				return __( 'This code is for the till: show it in the store.', 'cartbridge' );
			case 'held_elsewhere':
				return __( 'This cart is at a till just now. Ask the till to put it back, then open the link again.', 'cartbridge' );
			default:
				return __( 'The store cannot be reached just now. Please try again in a moment.', 'cartbridge' );
		}
	}

	/**
	 * Why there is no code for the till.
	 *
	 * @param string $problem The gateway's reason, or no_cart, or not_ready.
	 * @return string
	 */
	public static function of_pass( $problem ) {
		switch ( $problem ) {
			case 'no_cart':
			case 'cart_empty':
				return __( 'Your cart is empty. Put something in it, then ask for your code again.', 'cartbridge' );
			case 'not_ready':
				return __( 'Your cart is on its way to the store. Please try again in a moment.', 'cartbridge' );
			case 'held_elsewhere':
				return __( 'Your cart is already at a till.', 'cartbridge' );
			case 'cart_in_checkout':
				return __( 'Your cart is being paid online.', 'cartbridge' );
			case 'cart_has_payment':
				return __( 'A payment has been made for this cart already.', 'cartbridge' );
			default:
				return __( 'The store cannot be reached just now. Please try again in a moment.', 'cartbridge' );
		}
	}
}
