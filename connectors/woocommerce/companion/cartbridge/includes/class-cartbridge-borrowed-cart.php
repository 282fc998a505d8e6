<?php
/**
 * Somebody's cart, opened outside her own request, with her prices, codes and address.
 *
 * @package CartBridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Puts her session, cart and account in WooCommerce's place for a while, and takes them out again.
 */
final class Cartbridge_Borrowed_Cart {

	const MERGE_FLAG = '_woocommerce_load_saved_cart_after_login';

	/**
	 * Whether one is open just now.
	 *
	 * @var bool
	 */
	private static $open = false;

	/**
	 * WooCommerce's handler of this cart's session.
	 *
	 * @var WC_Cart_Session
	 */
	private $cart_session;

	/**
	 * Whether a cart is borrowed just now, so that nobody takes it for the visitor's.
	 *
	 * @return bool
	 */
	public static function is_open() {
		return self::$open;
	}

	/**
	 * Runs `$work` with somebody's cart as `WC()->cart`.
	 *
	 * @param string   $cart_id The cart.
	 * @param callable $work    Gets this object; its answer is answered.
	 * @return mixed
	 */
	public static function with( $cart_id, callable $work ) {
		require_once WC_ABSPATH . 'includes/wc-cart-functions.php';
		require_once WC_ABSPATH . 'includes/wc-notice-functions.php';
		$shop       = WC();
		$session    = $shop->session;
		$cart       = $shop->cart;
		$customer   = $shop->customer;
		$user       = get_current_user_id();
		self::$open = true;
		try {
			return $work( new self( $cart_id, (int) Cartbridge_Sessions::user( $cart_id ) ) );
		} finally {
			$shop->session  = $session;
			$shop->cart     = $cart;
			$shop->customer = $customer;
			wp_set_current_user( $user );
			self::$open = false;
		}
	}

	/**
	 * Opens the cart and calculates its totals.
	 *
	 * @param string $cart_id The cart.
	 * @param int    $user    Its customer; 0: a guest.
	 */
	private function __construct( $cart_id, $user ) {
		wp_set_current_user( $user );
		// A log-in that is under way joins the carts with this flag at her next page: reading must not use it up.
		$flag = $user ? get_user_meta( $user, self::MERGE_FLAG, true ) : '';
		if ( $flag ) {
			delete_user_meta( $user, self::MERGE_FLAG );
		}
		WC()->session  = new Cartbridge_Borrowed_Session( $cart_id );
		WC()->customer = new WC_Customer( $user, true );
		add_filter( 'woocommerce_cart_session_initialize', '__return_false', 999 );
		WC()->cart = new WC_Cart();
		remove_filter( 'woocommerce_cart_session_initialize', '__return_false', 999 );
		$this->cart_session = new WC_Cart_Session( WC()->cart );
		$this->cart_session->get_cart_from_session();
		WC()->cart->calculate_totals();
		if ( $flag ) {
			update_user_meta( $user, self::MERGE_FLAG, $flag );
		}
	}

	/**
	 * What the cart holds.
	 *
	 * @param object $row The cart's row, which knows her language.
	 * @return array
	 */
	public function content( $row ) {
		$content           = Cartbridge_Content::of( WC()->cart, WC()->customer );
		$known             = json_decode( (string) $row->content, true );
		$content['locale'] = $known['locale'] ?? ( get_current_user_id() ? get_user_locale() : get_locale() );
		return $content;
	}

	/**
	 * Saves the cart into her session and, for a customer, into the cart that waits for her next log-in.
	 *
	 * @param int $revision The cart's revision from now on.
	 */
	public function save( $revision ) {
		$this->cart_session->set_session();
		$this->cart_session->persistent_cart_update();
		WC()->session->set( Cartbridge_Visit::REVISION_KEY, $revision );
		WC()->session->save_data();
	}
}
