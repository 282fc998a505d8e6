<?php
/**
 * What the shop asks the gateway: a visitor's own pass, and to join her to a cart begun in a store.
 *
 * @package CartBridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Calls with the shop's key, which never reaches a browser, a log line or an error.
 */
final class Cartbridge_Gateway {

	const SECONDS = 6;

	/**
	 * Lets WordPress call the gateway that an administrator has entered, also at a private address or another port.
	 *
	 * Of a network of sites, none may open a way into the network's own machines.
	 */
	public static function hook() {
		if ( is_multisite() ) {
			return;
		}
		add_filter(
			'http_request_host_is_external',
			static function ( $external, $host ) {
				return $external || strtolower( (string) $host ) === self::part( PHP_URL_HOST );
			},
			10,
			2
		);
		add_filter(
			'http_allowed_safe_ports',
			static function ( $ports, $host ) {
				$port = self::part( PHP_URL_PORT );
				return $port && strtolower( (string) $host ) === self::part( PHP_URL_HOST ) ? array_merge( (array) $ports, array( (int) $port ) ) : $ports;
			},
			10,
			2
		);
	}

	/**
	 * A fresh code and the pass of a cart.
	 *
	 * @param string $cart_id The visitor's own cart.
	 * @return array{problem: string|null, handover: array|null} The gateway's hand-over, or why there is none.
	 */
	public static function handover( $cart_id ) {
		$query = http_build_query(
			array(
				'connection'  => Cartbridge_Settings::get( 'connection' ),
				'external_id' => $cart_id,
			),
			'',
			'&'
		);
		$found = self::ask( 'GET', '/v1/carts?' . $query );
		$cart  = $found['body']['items'][0]['id'] ?? null;
		if ( 200 !== $found['status'] || null === $cart ) {
			return array(
				'problem'  => 200 === $found['status'] || 404 === $found['status'] ? 'not_ready' : 'unavailable',
				'handover' => null,
			);
		}
		$made = self::ask( 'POST', '/v1/carts/' . rawurlencode( $cart ) . '/handovers', array( 'direction' => 'to_store' ), wp_generate_uuid4() );
		return array(
			'problem'  => 201 === $made['status'] ? null : ( $made['body']['code'] ?? 'unavailable' ),
			'handover' => 201 === $made['status'] ? $made['body'] : null,
		);
	}

	/**
	 * Joins the visitor's cart to that of a to-online code.
	 *
	 * @param string     $code     The code.
	 * @param string     $cart_id  The visitor's own cart.
	 * @param array|null $customer Her external_id and email, if she is logged in.
	 * @return array{problem: string|null, lines: int} Why not, or how many lines the cart has.
	 */
	public static function join( $code, $cart_id, $customer ) {
		$body = array(
			'code'        => $code,
			'external_id' => $cart_id,
		);
		if ( $customer ) {
			$body['customer'] = $customer;
		}
		$joined = self::ask( 'POST', '/v1/handovers/join', $body, hash( 'sha256', $code . "\n" . $cart_id ) );
		$ok     = $joined['status'] >= 200 && $joined['status'] < 300;
		return array(
			'problem' => $ok ? null : ( $joined['body']['code'] ?? 'unavailable' ),
			'lines'   => $ok ? count( (array) ( $joined['body']['cart']['lines'] ?? array() ) ) : 0,
		);
	}

	/**
	 * The QR of a hand-over as an image that needs no further call; null if it is not to be had.
	 *
	 * @param string $url The gateway's `qr_svg_url`.
	 * @return string|null A data URI.
	 */
	public static function qr( $url ) {
		$path = wp_parse_url( $url, PHP_URL_PATH );
		if ( ! is_string( $path ) || ! preg_match( '#^/h/[A-Za-z0-9]+/qr\.svg$#i', $path ) ) {
			return null;
		}
		$response = wp_remote_get( self::address( $path ), array( 'timeout' => self::SECONDS ) );
		$svg      = wp_remote_retrieve_body( $response );
		if ( 200 !== wp_remote_retrieve_response_code( $response ) || false === strpos( $svg, '<svg' ) || strlen( $svg ) > 200000 ) {
			return null;
		}
		return 'data:image/svg+xml;base64,' . base64_encode( $svg ); // phpcs:ignore WordPress.PHP.DiscouragedPHPFunctions.obfuscation_base64_encode -- an image.
	}

	/**
	 * One call.
	 *
	 * @param string      $method GET or POST.
	 * @param string      $path   Its path.
	 * @param array|null  $body   What is sent.
	 * @param string|null $key    The idempotency key of a POST.
	 * @return array{status: int, body: array|null} Status 0: no answer.
	 */
	private static function ask( $method, $path, $body = null, $key = null ) {
		$headers = array(
			'Accept'        => 'application/json',
			'Authorization' => 'Bearer ' . Cartbridge_Settings::get( 'shop_key' ),
		);
		if ( null !== $body ) {
			$headers['Content-Type'] = 'application/json';
		}
		if ( null !== $key ) {
			$headers['Idempotency-Key'] = $key;
		}
		$response = wp_remote_request(
			self::address( $path ),
			array(
				'method'      => $method,
				'timeout'     => self::SECONDS,
				'redirection' => 0,
				'headers'     => $headers,
				'body'        => null === $body ? null : wp_json_encode( $body ),
			)
		);
		$status   = (int) wp_remote_retrieve_response_code( $response );
		if ( 0 === $status || 401 === $status || 403 === $status || $status >= 500 ) {
			wc_get_logger()->warning( sprintf( 'The gateway answered %1$s to %2$s. Compare gateway address, connection and shop key in WooCommerce → CartBridge.', 0 === $status ? 'nothing' : $status, $method ), array( 'source' => 'cartbridge' ) );
		}
		$answer = json_decode( (string) wp_remote_retrieve_body( $response ), true );
		return array(
			'status' => $status,
			'body'   => is_array( $answer ) ? $answer : null,
		);
	}

	/**
	 * A path at the gateway.
	 *
	 * @param string $path The path.
	 * @return string
	 */
	private static function address( $path ) {
		return untrailingslashit( Cartbridge_Settings::get( 'gateway_url' ) ) . $path;
	}

	/**
	 * A part of the gateway's address.
	 *
	 * @param int $component PHP_URL_HOST or PHP_URL_PORT.
	 * @return string
	 */
	private static function part( $component ) {
		return strtolower( (string) wp_parse_url( Cartbridge_Settings::get( 'gateway_url' ), $component ) );
	}
}
