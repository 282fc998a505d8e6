<?php
/**
 * What a cart holds, in the form the gateway gets it: lines, fees, coupons, totals, whose it is.
 *
 * @package CartBridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Reads WooCommerce's cart; amounts become decimal strings with at most six digits behind the point.
 */
final class Cartbridge_Content {

	const ROUNDED_BY = 0.0051;

	/**
	 * What a cart holds now.
	 *
	 * @param WC_Cart     $cart     With its totals calculated.
	 * @param WC_Customer $customer Whose it is.
	 * @return array
	 */
	public static function of( WC_Cart $cart, WC_Customer $customer ) {
		$lines = array();
		foreach ( $cart->get_cart() as $key => $item ) {
			$lines[] = self::line( (string) $key, $item );
		}
		return array_merge(
			self::nothing(),
			array(
				'customer' => self::customer( $customer ),
				'lines'    => $lines,
				'fees'     => self::fees( $cart ),
				'coupons'  => self::coupons( $cart ),
				'totals'   => self::totals( $cart ),
			)
		);
	}

	/**
	 * What an empty cart of nobody holds.
	 *
	 * @return array
	 */
	public static function nothing() {
		return array(
			'currency'           => get_woocommerce_currency(),
			'prices_include_tax' => wc_prices_include_tax(),
			'locale'             => determine_locale(),
			'customer'           => null,
			'lines'              => array(),
			'fees'               => array(),
			'coupons'            => array(),
			'totals'             => array_fill_keys( array( 'items_net', 'items_tax', 'discount_net', 'discount_tax', 'shipping_net', 'shipping_tax', 'fees_net', 'fees_tax', 'tax', 'total' ), '0' ),
		);
	}

	/**
	 * A hash of all that makes a change: articles, quantities, prices, codes, whose it is. Shipping and language do not.
	 *
	 * @param array $content What the cart holds.
	 * @return string
	 */
	public static function hash( array $content ) {
		$lines = array();
		foreach ( $content['lines'] as $line ) {
			$lines[] = array( $line['key'], $line['sku'], $line['quantity'], $line['subtotal_net'], $line['subtotal_tax'], $line['total_net'], $line['total_tax'] );
		}
		return md5( wp_json_encode( array( $lines, $content['fees'], $content['coupons'], $content['customer'], $content['currency'] ) ) );
	}

	/**
	 * A hash of what is in the cart and how much, whatever it costs.
	 *
	 * @param array $content What the cart holds.
	 * @return string
	 */
	public static function identity( array $content ) {
		$lines = wp_list_pluck( $content['lines'], 'quantity', 'key' );
		ksort( $lines );
		$codes = wp_list_pluck( $content['coupons'], 'code' );
		sort( $codes );
		return md5( wp_json_encode( array( $lines, $codes ) ) );
	}

	/**
	 * An amount or quantity as a decimal string.
	 *
	 * @param mixed $value A number, or a numeric string.
	 * @return string
	 */
	public static function decimal( $value ) {
		$text = number_format( (float) $value, 6, '.', '' );
		$text = rtrim( rtrim( $text, '0' ), '.' );
		return '-0' === $text || '' === $text ? '0' : $text;
	}

	/**
	 * A text of the shop without its markup.
	 *
	 * @param string $html The text.
	 * @return string
	 */
	public static function plain( $html ) {
		return html_entity_decode( wp_strip_all_tags( (string) $html ), ENT_QUOTES, 'UTF-8' );
	}

	/**
	 * The names of an article: WooCommerce's ids, SKU and GTIN.
	 *
	 * @param WC_Product|null|false $product The article.
	 * @return array
	 */
	public static function names( $product ) {
		$variation = $product instanceof WC_Product && $product->is_type( 'variation' );
		$sku       = $product instanceof WC_Product ? (string) $product->get_sku() : '';
		return array(
			'product_id'       => $variation ? (int) $product->get_parent_id() : ( $product instanceof WC_Product ? (int) $product->get_id() : 0 ),
			'variation_id'     => $variation ? (int) $product->get_id() : 0,
			'sku'              => '' === $sku ? null : $sku,
			'global_unique_id' => self::gtin( $product ),
		);
	}

	/**
	 * One row of the cart.
	 *
	 * @param string $key  WooCommerce's row key.
	 * @param array  $item WooCommerce's row.
	 * @return array
	 */
	private static function line( $key, array $item ) {
		$product = $item['data'];
		$image   = $product->get_image_id() ? wp_get_attachment_image_url( $product->get_image_id(), 'woocommerce_thumbnail' ) : false;
		$link    = $product->is_visible() ? $product->get_permalink( $item ) : '';
		$data    = $item['line_tax_data'] ?? array();
		list( , $subtotal_tax )     = self::taxes( $data['subtotal'] ?? array(), $item['line_subtotal'] ?? 0 );
		list( $taxes, $total_tax ) = self::taxes( $data['total'] ?? array(), $item['line_total'] ?? 0 );
		$regular = '' === (string) $product->get_regular_price() ? $product->get_price() : $product->get_regular_price();
		return array_merge(
			array( 'key' => $key ),
			self::names( $product ),
			array(
				'name'             => self::plain( $product->get_title() ),
				'attributes'       => self::attributes( $item['variation'] ?? array(), $product ),
				'permalink'        => $link ? $link : null,
				'image_url'        => $image ? $image : null,
				'quantity'         => self::decimal( $item['quantity'] ),
				'unit_price_net'   => self::decimal( wc_get_price_excluding_tax( $product ) ),
				'unit_price_gross' => self::decimal( wc_get_price_including_tax( $product ) ),
				'list_price_net'   => self::decimal( wc_get_price_excluding_tax( $product, array( 'price' => $regular ) ) ),
				'list_price_gross' => self::decimal( wc_get_price_including_tax( $product, array( 'price' => $regular ) ) ),
				'subtotal_net'     => self::decimal( $item['line_subtotal'] ?? 0 ),
				'subtotal_tax'     => $subtotal_tax,
				'total_net'        => self::decimal( $item['line_total'] ?? 0 ),
				'total_tax'        => $total_tax,
				'taxes'            => $taxes,
				'virtual'          => $product->is_virtual(),
			)
		);
	}

	/**
	 * The article's GTIN as typed; WooCommerce 9.2 and newer know one.
	 *
	 * @param WC_Product|null|false $product The article.
	 * @return string|null
	 */
	private static function gtin( $product ) {
		if ( ! $product instanceof WC_Product || ! is_callable( array( $product, 'get_global_unique_id' ) ) ) {
			return null;
		}
		$gtin = (string) $product->get_global_unique_id();
		return '' === $gtin ? null : $gtin;
	}

	/**
	 * The chosen options in words.
	 *
	 * @param array      $variation WooCommerce's `attribute_… => value`.
	 * @param WC_Product $product   The article.
	 * @return array
	 */
	private static function attributes( array $variation, WC_Product $product ) {
		$shown = array();
		foreach ( $variation as $name => $value ) {
			$taxonomy = str_replace( 'attribute_', '', urldecode( (string) $name ) );
			$term     = taxonomy_exists( $taxonomy ) ? get_term_by( 'slug', $value, $taxonomy ) : false;
			$shown[]  = array(
				'name'  => wc_attribute_label( $taxonomy, $product ),
				'value' => $term instanceof WP_Term ? $term->name : (string) $value,
			);
		}
		return $shown;
	}

	/**
	 * The taxes of one row, rate by rate, in percent.
	 *
	 * WooCommerce keeps the net amount with all its digits and its tax rounded to cents, so that their sum is a third
	 * of a cent off what the shopper is shown. The tax is therefore calculated anew; a shop that taxes otherwise keeps its own.
	 *
	 * @param array     $amounts Rate id => amount as WooCommerce has it.
	 * @param float|int $net     What is taxed.
	 * @return array{0: array[], 1: string} The taxes, and their sum.
	 */
	public static function taxes( array $amounts, $net ) {
		$taxes = array();
		$sum   = 0.0;
		foreach ( $amounts as $rate_id => $amount ) {
			$rate    = WC_Tax::_get_tax_rate( $rate_id );
			$percent = is_array( $rate ) ? (float) $rate['tax_rate'] : null;
			$base    = is_array( $rate ) && $rate['tax_rate_compound'] ? (float) $net + $sum : (float) $net;
			$exact   = null === $percent ? (float) $amount : $base * $percent / 100;
			$amount  = abs( $exact - (float) $amount ) < self::ROUNDED_BY ? $exact : (float) $amount;
			$sum    += $amount;
			$taxes[] = array(
				'rate_id' => (int) $rate_id,
				'label'   => WC_Tax::get_rate_label( $rate_id ),
				'rate'    => null === $percent ? null : self::decimal( $percent ),
				'amount'  => self::decimal( $amount ),
			);
		}
		return array( $taxes, self::decimal( $sum ) );
	}

	/**
	 * Whose cart it is; null for a guest who has given no address.
	 *
	 * @param WC_Customer $customer The customer.
	 * @return array|null
	 */
	private static function customer( WC_Customer $customer ) {
		$email = $customer->get_billing_email();
		$email = $email ? $email : $customer->get_email();
		if ( ! $customer->get_id() && ! $email ) {
			return null;
		}
		$or_null = static function ( $text ) {
			return '' === (string) $text ? null : (string) $text;
		};
		$first = $customer->get_first_name();
		$last  = $customer->get_last_name();
		return array(
			'id'         => (int) $customer->get_id(),
			'email'      => $or_null( $email ),
			'first_name' => $or_null( $first ? $first : $customer->get_billing_first_name() ),
			'last_name'  => $or_null( $last ? $last : $customer->get_billing_last_name() ),
			'phone'      => $or_null( $customer->get_billing_phone() ),
		);
	}

	/**
	 * The fees that shop and plugins have added.
	 *
	 * @param WC_Cart $cart The cart.
	 * @return array
	 */
	private static function fees( WC_Cart $cart ) {
		$fees = array();
		foreach ( $cart->get_fees() as $fee ) {
			$fees[] = array(
				'name'      => self::plain( $fee->name ),
				'total_net' => self::decimal( $fee->total ?? 0 ),
				'total_tax' => self::decimal( $fee->tax ?? 0 ),
			);
		}
		return $fees;
	}

	/**
	 * The codes in the cart and what they take off.
	 *
	 * @param WC_Cart $cart The cart.
	 * @return array
	 */
	private static function coupons( WC_Cart $cart ) {
		$coupons = array();
		foreach ( $cart->get_applied_coupons() as $code ) {
			$coupons[] = array(
				'code'         => (string) $code,
				'discount_net' => self::decimal( $cart->get_coupon_discount_amount( $code ) ),
				'discount_tax' => self::decimal( $cart->get_coupon_discount_tax_amount( $code ) ),
			);
		}
		return $coupons;
	}

	/**
	 * What it all comes to online.
	 *
	 * @param WC_Cart $cart The cart.
	 * @return array
	 */
	private static function totals( WC_Cart $cart ) {
		return array_map(
			array( __CLASS__, 'decimal' ),
			array(
				'items_net'    => $cart->get_subtotal(),
				'items_tax'    => $cart->get_subtotal_tax(),
				'discount_net' => $cart->get_discount_total(),
				'discount_tax' => $cart->get_discount_tax(),
				'shipping_net' => $cart->get_shipping_total(),
				'shipping_tax' => $cart->get_shipping_tax(),
				'fees_net'     => $cart->get_fee_total(),
				'fees_tax'     => $cart->get_fee_tax(),
				'tax'          => $cart->get_total_tax(),
				'total'        => $cart->get_total( 'edit' ),
			)
		);
	}
}
