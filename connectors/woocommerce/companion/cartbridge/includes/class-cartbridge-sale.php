<?php
/**
 * An order in the form of the cart that was bought.
 *
 * @package CartBridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Reads orders; no payment is told, only what was bought for how much.
 */
final class Cartbridge_Sale {

	const TOLD = array( 'product_id', 'variation_id', 'sku', 'global_unique_id', 'name', 'quantity', 'total_net', 'total_tax' );

	/**
	 * The sale as `last_order`.
	 *
	 * @param WC_Order $order    The order.
	 * @param int      $revision The cart's revision at which it was sold.
	 * @return array
	 */
	public static function of( WC_Order $order, $revision ) {
		$paid  = $order->get_date_paid();
		$made  = $order->get_date_created();
		$at    = $paid ? $paid : $made;
		$lines = array();
		foreach ( $order->get_items() as $key => $item ) {
			$lines[] = array_intersect_key( self::line( (string) $key, $item ), array_flip( self::TOLD ) );
		}
		return array(
			'order_id' => $order->get_id(),
			'number'   => (string) $order->get_order_number(),
			'at'       => Cartbridge_Rows::moment( $at ? $at->getTimestamp() : time() ),
			'revision' => $revision,
			'status'   => $order->get_status(),
			'currency' => $order->get_currency(),
			'total'    => Cartbridge_Content::decimal( $order->get_total() ),
			'pick_up'  => self::pick_up( $order ),
			'lines'    => $lines,
		);
	}

	/**
	 * The one place where all of the order is picked up.
	 *
	 * @param WC_Order $order The order.
	 * @return string|null A place of the block checkout by its name, the classic method by its number; null if any of it is sent.
	 */
	private static function pick_up( WC_Order $order ) {
		$places = array();
		foreach ( $order->get_items( 'shipping' ) as $way ) {
			$method = $way->get_method_id();
			if ( 'local_pickup' === $method ) {
				$places[] = $method . ':' . $way->get_instance_id();
			} elseif ( 'pickup_location' === $method ) {
				$places[] = Cartbridge_Content::plain( (string) $way->get_meta( 'pickup_location' ) );
			} else {
				return null;
			}
		}
		$places = array_unique( $places );
		return 1 === count( $places ) ? (string) reset( $places ) : null;
	}

	/**
	 * What the order holds, as a cart.
	 *
	 * @param WC_Order $order The order.
	 * @return array
	 */
	public static function content( WC_Order $order ) {
		$lines = array();
		foreach ( $order->get_items() as $key => $item ) {
			$lines[] = self::line( (string) $key, $item );
		}
		$coupons = array();
		foreach ( $order->get_items( 'coupon' ) as $coupon ) {
			$coupons[] = array(
				'code'         => $coupon->get_code(),
				'discount_net' => Cartbridge_Content::decimal( $coupon->get_discount() ),
				'discount_tax' => Cartbridge_Content::decimal( $coupon->get_discount_tax() ),
			);
		}
		return array_merge(
			Cartbridge_Content::nothing(),
			array(
				'currency'           => $order->get_currency(),
				'prices_include_tax' => (bool) $order->get_prices_include_tax(),
				'customer'           => array(
					'id'         => (int) $order->get_customer_id(),
					'email'      => self::or_null( $order->get_billing_email() ),
					'first_name' => self::or_null( $order->get_billing_first_name() ),
					'last_name'  => self::or_null( $order->get_billing_last_name() ),
					'phone'      => self::or_null( $order->get_billing_phone() ),
				),
				'lines'              => $lines,
				'fees'               => self::fees( $order ),
				'coupons'            => $coupons,
				'totals'             => self::totals( $order, $lines ),
			)
		);
	}

	/**
	 * One row of the order.
	 *
	 * @param string                $key  Its id.
	 * @param WC_Order_Item_Product $item The row.
	 * @return array
	 */
	private static function line( $key, $item ) {
		$quantity = max( 1, (float) $item->get_quantity() );
		$booked   = (array) $item->get_taxes();
		list( , $subtotal_tax )     = Cartbridge_Content::taxes( array_filter( (array) ( $booked['subtotal'] ?? array() ), 'strlen' ), $item->get_subtotal() );
		list( $taxes, $total_tax ) = Cartbridge_Content::taxes( array_filter( (array) ( $booked['total'] ?? array() ), 'strlen' ), $item->get_total() );
		$net                       = (float) $item->get_subtotal() / $quantity;
		$gross                     = ( (float) $item->get_subtotal() + (float) $subtotal_tax ) / $quantity;
		return array_merge(
			array( 'key' => $key ),
			self::names( $item ),
			array(
				'name'             => Cartbridge_Content::plain( $item->get_name() ),
				'attributes'       => array(),
				'permalink'        => null,
				'image_url'        => null,
				'quantity'         => Cartbridge_Content::decimal( $item->get_quantity() ),
				'unit_price_net'   => Cartbridge_Content::decimal( $net ),
				'unit_price_gross' => Cartbridge_Content::decimal( $gross ),
				'list_price_net'   => Cartbridge_Content::decimal( $net ),
				'list_price_gross' => Cartbridge_Content::decimal( $gross ),
				'subtotal_net'     => Cartbridge_Content::decimal( $item->get_subtotal() ),
				'subtotal_tax'     => $subtotal_tax,
				'total_net'        => Cartbridge_Content::decimal( $item->get_total() ),
				'total_tax'        => $total_tax,
				'taxes'            => $taxes,
				'virtual'          => $item->get_product() ? $item->get_product()->is_virtual() : false,
			)
		);
	}

	/**
	 * The article's names; those of an article that was deleted since are its ids alone.
	 *
	 * @param WC_Order_Item_Product $item The row.
	 * @return array
	 */
	private static function names( $item ) {
		return array_merge(
			Cartbridge_Content::names( $item->get_product() ),
			array(
				'product_id'   => (int) $item->get_product_id(),
				'variation_id' => (int) $item->get_variation_id(),
			)
		);
	}

	/**
	 * The order's fees.
	 *
	 * @param WC_Order $order The order.
	 * @return array
	 */
	private static function fees( WC_Order $order ) {
		$fees = array();
		foreach ( $order->get_items( 'fee' ) as $fee ) {
			$fees[] = array(
				'name'      => Cartbridge_Content::plain( $fee->get_name() ),
				'total_net' => Cartbridge_Content::decimal( $fee->get_total() ),
				'total_tax' => Cartbridge_Content::decimal( $fee->get_total_tax() ),
			);
		}
		return $fees;
	}

	/**
	 * What the order comes to.
	 *
	 * @param WC_Order $order The order.
	 * @param array    $lines Its lines.
	 * @return array
	 */
	private static function totals( WC_Order $order, array $lines ) {
		$fees = self::fees( $order );
		return array_map(
			array( 'Cartbridge_Content', 'decimal' ),
			array(
				'items_net'    => array_sum( wp_list_pluck( $lines, 'subtotal_net' ) ),
				'items_tax'    => array_sum( wp_list_pluck( $lines, 'subtotal_tax' ) ),
				'discount_net' => $order->get_discount_total(),
				'discount_tax' => $order->get_discount_tax(),
				'shipping_net' => $order->get_shipping_total(),
				'shipping_tax' => $order->get_shipping_tax(),
				'fees_net'     => array_sum( wp_list_pluck( $fees, 'total_net' ) ),
				'fees_tax'     => array_sum( wp_list_pluck( $fees, 'total_tax' ) ),
				'tax'          => $order->get_total_tax(),
				'total'        => $order->get_total(),
			)
		);
	}

	/**
	 * A text, or null for none.
	 *
	 * @param string $text The text.
	 * @return string|null
	 */
	private static function or_null( $text ) {
		return '' === (string) $text ? null : (string) $text;
	}
}
