<?php
/**
 * Sends the outbox to the gateway: with the request that changed a cart, then every minute until it is taken.
 *
 * @package CartBridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Delivers messages as WooCommerce delivers webhooks: same headers, same signature; but again until answered 2xx.
 *
 * Failures are not counted on the webhook: an hour without the gateway must not disable it.
 */
final class Cartbridge_Delivery {

	const IN_REQUEST_SECONDS = 2;
	const BY_CRON_SECONDS    = 10;
	const BATCH              = 50;
	const QUIET_SECONDS      = 60;
	const CRON_SECONDS       = 45;

	/**
	 * The carts whose messages leave at the end of this request.
	 *
	 * @var array<string, bool>
	 */
	private static $expected = array();

	/**
	 * Hooks the end of each request and the minute.
	 */
	public static function hook() {
		add_action( 'shutdown', array( __CLASS__, 'end_of_request' ), 30 );
		add_action( 'cartbridge_deliver', array( __CLASS__, 'sweep' ) );
		add_filter(
			'cron_schedules', // phpcs:ignore WordPress.WP.CronInterval -- a minute is what a till can wait for.
			static function ( $schedules ) {
				$schedules['cartbridge_minute'] = array(
					'interval' => MINUTE_IN_SECONDS,
					'display'  => __( 'Every minute (CartBridge)', 'cartbridge' ),
				);
				return $schedules;
			}
		);
		add_action(
			'init',
			static function () {
				if ( ! wp_next_scheduled( 'cartbridge_deliver' ) ) {
					wp_schedule_event( time() + MINUTE_IN_SECONDS, 'cartbridge_minute', 'cartbridge_deliver' );
				}
			}
		);
	}

	/**
	 * Takes the minute away when the plugin is deactivated.
	 */
	public static function unschedule() {
		wp_clear_scheduled_hook( 'cartbridge_deliver' );
		wp_clear_scheduled_hook( 'cartbridge_forget' );
	}

	/**
	 * Remembers that a cart has something to tell at the end of this request.
	 *
	 * @param string $cart_id The cart.
	 * @param bool   $later   Whether it can wait for the minute.
	 */
	public static function expect( $cart_id, $later ) {
		if ( ! $later ) {
			self::$expected[ $cart_id ] = true;
		}
	}

	/**
	 * Sends what this request has changed; the shopper has her page already where PHP can let her go.
	 */
	public static function end_of_request() {
		if ( ! self::$expected || (int) get_option( 'cartbridge_quiet_until' ) > time() ) {
			return;
		}
		if ( function_exists( 'fastcgi_finish_request' ) ) {
			fastcgi_finish_request();
		} elseif ( function_exists( 'litespeed_finish_request' ) ) {
			litespeed_finish_request();
		}
		self::flush_expected();
	}

	/**
	 * Sends what this request has changed, now.
	 */
	public static function flush_expected() {
		$carts          = array_keys( self::$expected );
		self::$expected = array();
		foreach ( $carts as $cart_id ) {
			if ( ! self::deliver_cart( (string) $cart_id ) ) {
				return;
			}
		}
	}

	/**
	 * Sends all messages of one cart, oldest first.
	 *
	 * @param string $cart_id The cart.
	 * @return bool Whether nothing failed.
	 */
	public static function deliver_cart( $cart_id ) {
		for ( $round = 0; $round < 5; $round++ ) {
			$sent = 0;
			foreach ( Cartbridge_Outbox::due( self::BATCH, $cart_id ) as $message ) {
				$outcome = self::deliver( $message, self::IN_REQUEST_SECONDS );
				if ( false === $outcome ) {
					return false;
				}
				$sent += $outcome ? 1 : 0;
			}
			if ( 0 === $sent ) {
				return true;
			}
		}
		return true;
	}

	/**
	 * Sends everything that is due, for at most most of a minute.
	 */
	public static function sweep() {
		$until  = time() + self::CRON_SECONDS;
		$failed = array();
		do {
			$sent = 0;
			foreach ( Cartbridge_Outbox::due( self::BATCH ) as $message ) {
				if ( isset( $failed[ $message->webhook_id ] ) || time() >= $until ) {
					continue;
				}
				$outcome = self::deliver( $message, self::BY_CRON_SECONDS );
				if ( false === $outcome ) {
					$failed[ $message->webhook_id ] = true;
				}
				$sent += $outcome ? 1 : 0;
			}
		} while ( $sent > 0 && time() < $until );
	}

	/**
	 * Sends one message.
	 *
	 * @param object $message The message.
	 * @param int    $seconds How long the gateway may take.
	 * @return bool|null True: taken or no longer wanted; false: not taken; null: not ours to send now.
	 */
	private static function deliver( $message, $seconds ) {
		$webhook = wc_get_webhook( $message->webhook_id );
		if ( ! $webhook || Cartbridge_Topic::TOPIC !== $webhook->get_topic() || 'paused' === $webhook->get_status() ) {
			Cartbridge_Outbox::done( $message );
			return true;
		}
		if ( 'active' !== $webhook->get_status() || ! Cartbridge_Outbox::lease( $message ) ) {
			return null;
		}
		$response = wp_safe_remote_request( $webhook->get_delivery_url(), self::request( $webhook, $message, $seconds ) );
		$status   = (int) wp_remote_retrieve_response_code( $response );
		if ( $status >= 200 && $status < 300 ) {
			Cartbridge_Outbox::done( $message );
			self::succeeded( $message );
			return true;
		}
		self::failed( $webhook, $message, $response, $status );
		return false;
	}

	/**
	 * The request, as WooCommerce would make it.
	 *
	 * @param WC_Webhook $webhook The webhook.
	 * @param object     $message The message.
	 * @param int        $seconds How long the gateway may take.
	 * @return array
	 */
	private static function request( WC_Webhook $webhook, $message, $seconds ) {
		$arguments = array(
			'method'      => 'POST',
			'timeout'     => $seconds,
			'redirection' => 0,
			'httpversion' => '1.1',
			'blocking'    => true,
			'user-agent'  => sprintf( 'WooCommerce/%s Hookshot (WordPress/%s) CartBridge/%s', WC()->version, $GLOBALS['wp_version'], CARTBRIDGE_VERSION ),
			'body'        => $message->body,
			'headers'     => array( 'Content-Type' => 'application/json' ),
			'cookies'     => array(),
		);
		/** This filter is documented in WooCommerce's class-wc-webhook.php. */
		$arguments            = apply_filters( 'woocommerce_webhook_http_args', $arguments, $message->cart_id, $webhook->get_id() ); // phpcs:ignore WordPress.NamingConventions.PrefixAllGlobals.NonPrefixedHooknameFound -- WooCommerce's.
		$arguments['headers'] = array_merge(
			$arguments['headers'],
			array(
				'X-WC-Webhook-Source'      => home_url( '/' ),
				'X-WC-Webhook-Topic'       => $webhook->get_topic(),
				'X-WC-Webhook-Resource'    => $webhook->get_resource(),
				'X-WC-Webhook-Event'       => $webhook->get_event(),
				'X-WC-Webhook-Signature'   => $webhook->generate_signature( $arguments['body'] ),
				'X-WC-Webhook-ID'          => $webhook->get_id(),
				'X-WC-Webhook-Delivery-ID' => $webhook->get_new_delivery_id(),
				'X-CartBridge-Cart'        => $message->cart_id,
				'X-CartBridge-Revision'    => $message->revision,
			)
		);
		return $arguments;
	}

	/**
	 * After a delivery: if others had failed, the gateway is back, and they need not wait longer.
	 *
	 * @param object $message The message.
	 */
	private static function succeeded( $message ) {
		if ( (int) $message->attempts > 0 || get_option( 'cartbridge_last_failure' ) ) {
			delete_option( 'cartbridge_last_failure' );
			update_option( 'cartbridge_quiet_until', 0, true );
			Cartbridge_Outbox::hurry();
		}
	}

	/**
	 * After a failure: the message waits, no shopper waits for a while, the operator can read why.
	 *
	 * @param WC_Webhook     $webhook  The webhook.
	 * @param object         $message  The message.
	 * @param array|WP_Error $response What came back.
	 * @param int            $status   Its status; 0: none.
	 */
	private static function failed( WC_Webhook $webhook, $message, $response, $status ) {
		$asked = is_wp_error( $response ) ? '' : wp_remote_retrieve_header( $response, 'retry-after' );
		Cartbridge_Outbox::put_off( $message, is_numeric( $asked ) ? (int) $asked : null );
		update_option( 'cartbridge_quiet_until', time() + self::QUIET_SECONDS, true );
		$place = wp_parse_url( $webhook->get_delivery_url(), PHP_URL_HOST );
		$why   = is_wp_error( $response ) ? $response->get_error_code() : (string) $status;
		$text  = sprintf( 'The gateway at %1$s did not take a message (%2$s). It is sent again. %3$s', $place, $why, self::advice( $status, is_wp_error( $response ) ? $response->get_error_code() : '' ) );
		update_option(
			'cartbridge_last_failure',
			array(
				'at'   => time(),
				'text' => $text,
			),
			false
		);
		wc_get_logger()->warning( $text, array( 'source' => 'cartbridge' ) );
	}

	/**
	 * What to do about it.
	 *
	 * @param int    $status The gateway's status; 0: none.
	 * @param string $code   WordPress's error code, if none.
	 * @return string
	 */
	private static function advice( $status, $code ) {
		if ( 401 === $status || 404 === $status ) {
			return 'Compare the delivery URL and the secret of the webhook "cart.updated" with what the gateway printed for this connection.';
		}
		if ( 'http_request_failed' === $code || 'http_request_not_executed' === $code ) {
			return 'If it is a private address or a port other than 80, 443 and 8080, enter it as "Gateway address" in WooCommerce → CartBridge: WordPress refuses it otherwise.';
		}
		return 'Look at the messages of this connection at the gateway.';
	}
}
