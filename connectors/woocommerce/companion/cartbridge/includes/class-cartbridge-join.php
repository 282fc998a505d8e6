<?php
/**
 * Where a link or QR from a store leads: into the cart of whoever opens it.
 *
 * @package CartBridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Joins the session it finds, guest or logged in; it logs nobody in and shows nobody's data.
 *
 * Programs that look at links to preview them must not use up a code: the link answers a page that goes on by itself
 * in a browser, and with one press where scripts are off.
 */
final class Cartbridge_Join {

	const FIELD        = 'cartbridge';
	const DO_IT        = 'cartbridge_join';
	const LONGEST_CODE = 200;
	const WAIT_SECONDS = 4;
	const LOOK_EVERY   = 200000;

	/**
	 * Hooks the link and its page's form.
	 */
	public static function hook() {
		add_action( 'template_redirect', array( __CLASS__, 'open' ), 0 );
		add_action( 'wp_loaded', array( __CLASS__, 'join' ), 30 );
	}

	/**
	 * Answers the link.
	 */
	public static function open() {
		$code = self::code( $_GET ); // phpcs:ignore WordPress.Security.NonceVerification.Recommended -- only shown back.
		if ( '' === $code ) {
			return;
		}
		nocache_headers();
		header( 'Referrer-Policy: no-referrer' );
		header( 'X-Robots-Tag: noindex' );
		$title = __( 'Your cart from the store', 'cartbridge' );
		echo '<!doctype html><html lang="' . esc_attr( get_bloginfo( 'language' ) ) . '"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex"><title>' . esc_html( $title ) . '</title>'
			. '<style>body{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:15vh auto;padding:0 1.5rem;text-align:center}button{font:inherit;padding:.7em 1.4em}</style></head><body>'
			. '<h1>' . esc_html( $title ) . '</h1><form method="post" action="' . esc_url( home_url( '/' ) ) . '">'
			. '<input type="hidden" name="' . esc_attr( self::DO_IT ) . '" value="' . esc_attr( $code ) . '">' . wp_nonce_field( self::DO_IT, '_cartbridge', false, false ) // phpcs:ignore WordPress.Security.EscapeOutput.OutputNotEscaped -- WordPress's field.
			. '<button type="submit">' . esc_html__( 'Go on with my cart', 'cartbridge' ) . '</button></form><script>document.forms[0].submit()</script></body></html>';
		exit;
	}

	/**
	 * Joins, then leads to the cart with a word about how it went.
	 */
	public static function join() {
		if ( ! isset( $_POST[ self::DO_IT ] ) || ! WC()->session instanceof WC_Session || ! WC()->cart ) {
			return;
		}
		$nonce = isset( $_POST['_cartbridge'] ) ? sanitize_text_field( wp_unslash( $_POST['_cartbridge'] ) ) : '';
		$code  = self::code( array( self::FIELD => $_POST[ self::DO_IT ] ) ); // phpcs:ignore WordPress.Security.ValidatedSanitizedInput -- code() does.
		if ( ! wp_verify_nonce( $nonce, self::DO_IT ) || '' === $code ) {
			wc_add_notice( esc_html( Cartbridge_Words::of_join( 'code_unknown' ) ), 'error' );
		} elseif ( ! Cartbridge_Settings::complete() ) {
			wc_add_notice( esc_html( Cartbridge_Words::of_join( 'unavailable' ) ), 'error' );
		} else {
			self::join_session( $code );
		}
		nocache_headers();
		header( 'Referrer-Policy: no-referrer' );
		wp_safe_redirect( wc_get_cart_url(), 303 );
		exit;
	}

	/**
	 * Joins the visitor's session to the cart of a code.
	 *
	 * @param string $code The code.
	 */
	private static function join_session( $code ) {
		WC()->session->set_customer_session_cookie( true );
		WC()->session->set( self::DO_IT, time() );
		Cartbridge_Observer::finish();
		WC()->session->save_data(); // The gateway may write at once, so the session must be there.
		Cartbridge_Delivery::flush_expected();
		$cart_id = Cartbridge_Observer::cart_id();
		$before  = Cartbridge_Rows::find( $cart_id );
		$joined  = Cartbridge_Gateway::join( $code, $cart_id, self::customer() );
		if ( null !== $joined['problem'] ) {
			wc_add_notice( esc_html( Cartbridge_Words::of_join( $joined['problem'] ) ), 'error' );
			return;
		}
		if ( $joined['lines'] > 0 ) {
			self::await_write( $cart_id, $before ? $before->last_push : null );
		}
		wc_add_notice( esc_html__( 'Here is your cart from the store.', 'cartbridge' ), 'success' );
	}

	/**
	 * Waits until the gateway has written the cart, for a few seconds at most.
	 *
	 * @param string      $cart_id   The cart.
	 * @param string|null $last_push The newest write so far.
	 */
	private static function await_write( $cart_id, $last_push ) {
		$until = microtime( true ) + self::WAIT_SECONDS;
		while ( microtime( true ) < $until ) {
			$row = Cartbridge_Rows::find( $cart_id );
			if ( $row && $row->last_push !== $last_push ) {
				return;
			}
			usleep( self::LOOK_EVERY );
		}
	}

	/**
	 * Who is logged in, for the gateway.
	 *
	 * @return array|null
	 */
	private static function customer() {
		$user = wp_get_current_user();
		if ( ! $user->exists() ) {
			return null;
		}
		return array_filter(
			array(
				'external_id' => (string) $user->ID,
				'email'       => (string) $user->user_email,
			)
		);
	}

	/**
	 * The code of a request, as far as it can be one.
	 *
	 * @param array $from Where it stands.
	 * @return string Empty if there is none.
	 */
	private static function code( array $from ) {
		$code = $from[ self::FIELD ] ?? '';
		$code = is_string( $code ) ? trim( sanitize_text_field( wp_unslash( $code ) ) ) : '';
		return strlen( $code ) <= self::LONGEST_CODE ? $code : '';
	}
}
