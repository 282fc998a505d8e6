<?php
/**
 * The routes of the gateway under /wp-json/cartbridge/v1, for WooCommerce's REST keys.
 *
 * @package CartBridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Registers and answers them; PROTOCOL.md says what they promise.
 */
final class Cartbridge_Rest {

	const SPACE = 'cartbridge/v1';
	const CART  = '(?P<id>[A-Za-z0-9_]{1,64})';

	/**
	 * Lets WooCommerce's keys in, and registers the routes.
	 */
	public static function hook() {
		add_filter( 'woocommerce_rest_is_request_to_rest_api', array( __CLASS__, 'is_ours' ) );
		add_action( 'rest_api_init', array( __CLASS__, 'register' ) );
	}

	/**
	 * Whether WooCommerce should look at the keys of a request.
	 *
	 * @param bool $is_theirs Whether it is one of WooCommerce's own routes.
	 * @return bool
	 */
	public static function is_ours( $is_theirs ) {
		$uri   = isset( $_SERVER['REQUEST_URI'] ) ? esc_url_raw( wp_unslash( $_SERVER['REQUEST_URI'] ) ) : '';
		$route = isset( $_GET['rest_route'] ) ? sanitize_text_field( wp_unslash( $_GET['rest_route'] ) ) : ''; // phpcs:ignore WordPress.Security.NonceVerification.Recommended -- only looked at.
		return $is_theirs || false !== strpos( $uri, trailingslashit( rest_get_url_prefix() ) . self::SPACE ) || 0 === strpos( ltrim( $route, '/' ), self::SPACE );
	}

	/**
	 * Registers the routes.
	 */
	public static function register() {
		$routes = array(
			'/status'                          => array( 'GET' => 'status' ),
			'/carts'                           => array( 'GET' => 'changed' ),
			'/carts/' . self::CART             => array(
				'GET' => 'read',
				'PUT' => 'write',
			),
			'/carts/' . self::CART . '/freeze' => array(
				'PUT'    => 'freeze',
				'DELETE' => 'thaw',
			),
		);
		foreach ( $routes as $route => $methods ) {
			$handlers = array();
			foreach ( $methods as $method => $name ) {
				$handlers[] = array(
					'methods'             => $method,
					'callback'            => static function ( $request ) use ( $name ) {
						return self::answer( $name, $request );
					},
					'permission_callback' => array( __CLASS__, 'may' ),
				);
			}
			register_rest_route( self::SPACE, $route, $handlers );
		}
	}

	/**
	 * Whether the caller may see and change carts.
	 *
	 * @return true|WP_Error
	 */
	public static function may() {
		if ( current_user_can( 'manage_woocommerce' ) ) {
			return true;
		}
		if ( is_user_logged_in() ) {
			return new WP_Error( 'cartbridge_forbidden', 'The REST key belongs to a user who may not manage WooCommerce. Make it for an administrator or shop manager.', array( 'status' => 403 ) );
		}
		return new WP_Error( 'cartbridge_unauthorized', 'Send a WooCommerce REST key and secret by HTTP Basic over https.', array( 'status' => 401 ) );
	}

	/**
	 * Answers a call; one that met another at the same cart may be made again.
	 *
	 * @param string          $name    The function below.
	 * @param WP_REST_Request $request The call.
	 * @return WP_REST_Response|WP_Error
	 */
	private static function answer( $name, WP_REST_Request $request ) {
		try {
			$answer = self::$name( $request );
		} catch ( Cartbridge_Busy $busy ) {
			$answer = new WP_REST_Response(
				array(
					'code'    => 'cartbridge_busy',
					'message' => $busy->getMessage() . ' Try again.',
					'data'    => array( 'status' => 503 ),
				),
				503,
				array( 'Retry-After' => '2' )
			);
		}
		if ( $answer instanceof WP_REST_Response ) {
			$answer->header( 'Cache-Control', 'no-store' );
		}
		return $answer;
	}

	/**
	 * What runs here.
	 *
	 * @return WP_REST_Response
	 */
	private static function status() {
		return new WP_REST_Response(
			array(
				'plugin'             => CARTBRIDGE_VERSION,
				'protocol'           => 1,
				'wordpress'          => get_bloginfo( 'version' ),
				'woocommerce'        => WC()->version,
				'currency'           => get_woocommerce_currency(),
				'prices_include_tax' => wc_prices_include_tax(),
				'locale'             => get_locale(),
				'waiting'            => Cartbridge_Outbox::waiting(),
			)
		);
	}

	/**
	 * The carts that changed.
	 *
	 * @param WP_REST_Request $request The call.
	 * @return WP_REST_Response|WP_Error
	 */
	private static function changed( WP_REST_Request $request ) {
		$after = Cartbridge_Rest_Input::position( $request->get_param( 'changed_after' ) );
		$limit = $request->get_param( 'limit' );
		$limit = null === $limit ? 50 : (int) $limit;
		return is_wp_error( $after ) ? $after : new WP_REST_Response( Cartbridge_Carts::changed( $after, min( 200, max( 1, $limit ) ) ) );
	}

	/**
	 * One cart.
	 *
	 * @param WP_REST_Request $request The call.
	 * @return WP_REST_Response|WP_Error
	 */
	private static function read( WP_REST_Request $request ) {
		$cart = Cartbridge_Carts::read( (string) $request['id'] );
		return null === $cart ? self::unknown() : new WP_REST_Response( $cart );
	}

	/**
	 * A write.
	 *
	 * @param WP_REST_Request $request The call.
	 * @return WP_REST_Response|WP_Error
	 */
	private static function write( WP_REST_Request $request ) {
		$order = Cartbridge_Rest_Input::write( $request->get_json_params() );
		if ( is_wp_error( $order ) ) {
			return $order;
		}
		list( $what, $answer ) = Cartbridge_Carts::write( (string) $request['id'], $order );
		switch ( $what ) {
			case 'unknown':
				return self::unknown();
			case 'moved':
				return self::conflict( 'cartbridge_revision_moved', 'The cart was changed in the meantime; nothing was written.', $answer );
			case 'ended':
				return self::conflict( 'cartbridge_cart_ended', 'This cart is no more; nothing was written.', $answer );
			default:
				return new WP_REST_Response( $answer, 200, 'repeated' === $what ? array( 'X-CartBridge-Replayed' => 'true' ) : array() );
		}
	}

	/**
	 * A stop of the checkout.
	 *
	 * @param WP_REST_Request $request The call.
	 * @return WP_REST_Response|WP_Error
	 */
	private static function freeze( WP_REST_Request $request ) {
		$stop = Cartbridge_Rest_Input::freeze( $request->get_json_params() );
		return is_wp_error( $stop ) ? $stop : self::frozen( (string) $request['id'], $stop['until'], $stop['where'] );
	}

	/**
	 * The end of a stop.
	 *
	 * @param WP_REST_Request $request The call.
	 * @return WP_REST_Response|WP_Error
	 */
	private static function thaw( WP_REST_Request $request ) {
		return self::frozen( (string) $request['id'], null, '' );
	}

	/**
	 * Freezes or thaws, and answers the cart.
	 *
	 * @param string   $cart_id The cart.
	 * @param int|null $until   Unix time, or null to thaw.
	 * @param string   $where   The store.
	 * @return WP_REST_Response|WP_Error
	 */
	private static function frozen( $cart_id, $until, $where ) {
		$what = Cartbridge_Carts::freeze( $cart_id, $until, $where );
		$cart = 'unknown' === $what ? null : Cartbridge_Carts::read( $cart_id );
		if ( null === $cart ) {
			return self::unknown();
		}
		return 'ended' === $what ? self::conflict( 'cartbridge_cart_ended', 'This cart is no more; there is nothing to stop.', $cart ) : new WP_REST_Response( $cart );
	}

	/**
	 * No such cart.
	 *
	 * @return WP_Error
	 */
	private static function unknown() {
		return new WP_Error( 'cartbridge_cart_not_found', 'There is no such cart: the guest\'s session is over, or there is no such customer.', array( 'status' => 404 ) );
	}

	/**
	 * A refusal with the cart as it is.
	 *
	 * @param string $code    Its name.
	 * @param string $message Its words.
	 * @param array  $cart    The cart.
	 * @return WP_Error
	 */
	private static function conflict( $code, $message, array $cart ) {
		return new WP_Error(
			$code,
			$message,
			array(
				'status' => 409,
				'cart'   => $cart,
			)
		);
	}
}
