<?php
/**
 * The topic `cart.updated` in WooCommerce's own webhook system.
 *
 * @package CartBridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Makes `cart.updated` a topic that can be chosen, subscribed by REST and signed like any other.
 */
final class Cartbridge_Topic {

	const TOPIC = 'cart.updated';

	/**
	 * Adds the topic. WooCommerce itself never queues it (it has no hooks): it would send it once, late, and
	 * forget it if the gateway is away. Cartbridge_Delivery sends it, with WooCommerce's signature.
	 */
	public static function hook() {
		add_filter(
			'woocommerce_valid_webhook_resources',
			static function ( $resources ) {
				return array_values( array_unique( array_merge( (array) $resources, array( 'cart' ) ) ) );
			}
		);
		add_filter(
			'woocommerce_webhook_topics',
			static function ( $topics ) {
				return array_merge( (array) $topics, array( self::TOPIC => __( 'Cart changed (CartBridge)', 'cartbridge' ) ) );
			}
		);
		add_filter(
			'woocommerce_webhook_topic_hooks',
			static function ( $hooks ) {
				return array_merge( (array) $hooks, array( self::TOPIC => array() ) );
			}
		);
		add_filter( 'woocommerce_webhook_payload', array( __CLASS__, 'payload' ), 10, 3 );
	}

	/**
	 * The body for code that delivers a webhook of this topic by itself (`$webhook->deliver( $cart_id )`).
	 *
	 * @param mixed  $payload  WooCommerce's payload.
	 * @param string $resource The topic's resource.
	 * @param mixed  $cart_id  The cart.
	 * @return mixed
	 */
	public static function payload( $payload, $resource, $cart_id ) {
		if ( 'cart' !== $resource || ! is_scalar( $cart_id ) ) {
			return $payload;
		}
		$row = Cartbridge_Rows::find( (string) $cart_id );
		return $row ? Cartbridge_Rows::show( $row ) : $payload;
	}

	/**
	 * The webhooks of this topic that messages are kept for: active ones, and disabled ones, which come back.
	 *
	 * @return WC_Webhook[]
	 */
	public static function webhooks() {
		$store = WC_Data_Store::load( 'webhook' );
		$found = array();
		foreach ( array( 'active', 'disabled' ) as $status ) {
			foreach ( $store->get_webhooks_ids( $status ) as $id ) {
				$webhook = wc_get_webhook( $id );
				if ( $webhook && self::TOPIC === $webhook->get_topic() ) {
					$found[] = $webhook;
				}
			}
		}
		return $found;
	}
}
