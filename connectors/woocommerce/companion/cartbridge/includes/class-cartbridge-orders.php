<?php
/**
 * Ties each order to the cart it came from, and tells the sale of a cart.
 *
 * @package CartBridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * WooCommerce keeps no link from an order to its cart; two metas are that link.
 */
final class Cartbridge_Orders {

	const CART     = '_cartbridge_cart_id';
	const REVISION = '_cartbridge_cart_revision';
	const SOLD     = array( 'processing', 'on-hold', 'completed' );
	const AGAIN    = 'cartbridge_tell_order';
	const GIVEN_UP = array( 'cancelled', 'failed', 'trash' );

	/**
	 * The orders of carts that this request made or moved.
	 *
	 * @var array<int, true>
	 */
	private static $orders = array();

	/**
	 * Hooks both checkouts and the life of an order.
	 */
	public static function hook() {
		add_action( 'woocommerce_checkout_create_order', array( __CLASS__, 'tie' ) );
		add_action( 'woocommerce_store_api_checkout_update_order_meta', array( __CLASS__, 'tie' ) );
		add_action( 'woocommerce_checkout_order_processed', array( __CLASS__, 'remember' ) );
		add_action( 'woocommerce_store_api_checkout_order_processed', array( __CLASS__, 'remember' ) );
		add_action( 'woocommerce_order_status_changed', array( __CLASS__, 'remember' ) );
		add_action( self::AGAIN, array( __CLASS__, 'remember' ) );
	}

	/**
	 * Writes the visitor's cart on an order that is being made.
	 *
	 * @param WC_Order $order The order; classic checkout saves it afterwards, the block's has saved it before.
	 */
	public static function tie( $order ) {
		if ( $order instanceof WC_Order && WC()->session instanceof WC_Session ) {
			$order->update_meta_data( self::CART, Cartbridge_Observer::cart_id() );
			if ( $order->get_id() ) {
				$order->save_meta_data();
			}
		}
	}

	/**
	 * Remembers an order until the end of the request.
	 *
	 * @param int|WC_Order $order The order or its id.
	 */
	public static function remember( $order ) {
		$id = $order instanceof WC_Order ? $order->get_id() : (int) $order;
		if ( $id ) {
			self::$orders[ $id ] = true;
		}
	}

	/**
	 * Tells the sales of this request, and which carts are being paid for.
	 *
	 * @param string|null $previous_id The guest cart whose shopper made her account in this very checkout.
	 */
	public static function tell( $previous_id ) {
		$orders       = array_keys( self::$orders );
		self::$orders = array();
		foreach ( $orders as $id ) {
			$order = wc_get_order( $id );
			if ( ! $order instanceof WC_Order || '' === (string) $order->get_meta( self::CART ) ) {
				continue;
			}
			try {
				$sold_at = Cartbridge_Database::transaction(
					static function () use ( $order, $previous_id ) {
						return self::tell_order( $order, $previous_id );
					}
				);
				if ( null !== $sold_at ) {
					$order->update_meta_data( self::REVISION, (string) $sold_at );
					$order->save_meta_data();
				}
			} catch ( Throwable $error ) {
				wp_schedule_single_event( time() + MINUTE_IN_SECONDS, self::AGAIN, array( $id ) );
				wc_get_logger()->error( sprintf( 'Order %1$d could not be told, it is tried again in a minute: %2$s', $id, $error->getMessage() ), array( 'source' => 'cartbridge' ) );
			}
		}
	}

	/**
	 * Tells one order, in a transaction.
	 *
	 * @param WC_Order    $order       The order.
	 * @param string|null $previous_id The guest cart it may have been a moment ago.
	 * @return int|null The cart's revision at which it was sold, if the order does not say so yet.
	 */
	private static function tell_order( WC_Order $order, $previous_id ) {
		$cart_id = (string) $order->get_meta( self::CART );
		$guest   = null === $previous_id ? null : Cartbridge_Rows::lock_known( $previous_id );
		$row     = Cartbridge_Rows::lock( $cart_id );
		if ( $guest && 'open' === $guest->status && $cart_id !== $previous_id ) {
			$held = json_decode( (string) $guest->content, true );
			Cartbridge_Observer::tell_lineage( $row, $guest, is_array( $held ) ? $held : Cartbridge_Content::nothing() );
		}
		if ( $order->has_status( self::SOLD ) && '' === (string) $order->get_meta( self::REVISION ) ) {
			return self::tell_sale( $order, $row );
		}
		if ( $order->has_status( 'pending' ) && (int) $row->paying_order !== $order->get_id() ) {
			self::tell_paying( $row, $order->get_id() );
		} elseif ( $order->has_status( self::GIVEN_UP ) && (int) $row->paying_order === $order->get_id() ) {
			self::tell_paying( $row, null );
		}
		return null;
	}

	/**
	 * Tells that the cart was bought, unless that was told and only the order does not know it.
	 *
	 * @param WC_Order $order The order; it is not changed, because a transaction may be done again.
	 * @param object   $row   The cart's row.
	 * @return int The cart's revision at which it was sold.
	 */
	private static function tell_sale( WC_Order $order, $row ) {
		$last = json_decode( (string) $row->last_order, true );
		if ( is_array( $last ) && (int) $last['order_id'] === $order->get_id() ) {
			return (int) $last['revision'];
		}
		Cartbridge_Rows::raise( $row, null );
		$row->paying_order = null;
		$row->last_order   = wp_json_encode( Cartbridge_Sale::of( $order, (int) $row->revision ) );
		$sold              = Cartbridge_Rows::show( $row, Cartbridge_Sale::content( $order ) );
		$sold['status']    = 'ordered';
		Cartbridge_Outbox::add( $sold, true );
		Cartbridge_Rows::save( $row );
		return (int) $row->revision;
	}

	/**
	 * Tells that an order of the cart waits for its payment, or no longer does.
	 *
	 * @param object   $row      The cart's row.
	 * @param int|null $order_id The order; null: none any more.
	 */
	private static function tell_paying( $row, $order_id ) {
		Cartbridge_Rows::raise( $row, null );
		$row->paying_order = $order_id;
		Cartbridge_Outbox::add( Cartbridge_Rows::show( $row ) );
		Cartbridge_Rows::save( $row );
	}
}
