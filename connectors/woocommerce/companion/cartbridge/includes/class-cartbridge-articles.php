<?php
/**
 * Finds articles by the names the gateway uses, and says how many of one can be had.
 *
 * @package CartBridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * The shop's catalogue and stock, as a write of the gateway meets them.
 */
final class Cartbridge_Articles {

	/**
	 * What this write has taken already of each shared stock.
	 *
	 * @var array<int, float>
	 */
	private $taken = array();

	/**
	 * The article of a line, by the first of its names that is given.
	 *
	 * @param array $line variation_id, product_id, sku or gtin.
	 * @return WC_Product|null
	 */
	public static function find( array $line ) {
		if ( $line['variation_id'] || $line['product_id'] ) {
			$id = $line['variation_id'] ? $line['variation_id'] : $line['product_id'];
		} elseif ( null !== $line['sku'] ) {
			$id = wc_get_product_id_by_sku( $line['sku'] );
		} else {
			$id = self::id_by_gtin( (string) $line['gtin'] );
		}
		$product = $id ? wc_get_product( $id ) : null;
		return $product ? $product : null;
	}

	/**
	 * How many of an article a cart may hold, and why not more.
	 *
	 * @param WC_Product $product The article.
	 * @param float      $wanted  How many are wanted.
	 * @return array{0: float, 1: string|null} How many, and the reason if fewer.
	 */
	public function limit( WC_Product $product, $wanted ) {
		if ( $product->is_type( array( 'variable', 'grouped', 'external' ) ) ) {
			return array( 0, $product->is_type( 'variable' ) ? 'needs_options' : 'not_purchasable' );
		}
		if ( ! $product->is_purchasable() ) {
			return array( 0, 'not_purchasable' );
		}
		if ( ! $product->is_in_stock() ) {
			return array( 0, 'out_of_stock' );
		}
		$available = $this->available( $product );
		if ( $available < $wanted ) {
			return array( $available, 'out_of_stock' );
		}
		$most = $product->is_sold_individually() ? 1 : (float) $product->get_max_purchase_quantity();
		if ( $most >= 0 && $most < $wanted ) {
			return array( $most, 'order_limit' );
		}
		return array( $wanted, null );
	}

	/**
	 * Counts what a line takes, for others that share its stock.
	 *
	 * @param WC_Product $product  The article.
	 * @param float      $quantity How many it takes.
	 */
	public function take( WC_Product $product, $quantity ) {
		$stock                 = $product->get_stock_managed_by_id();
		$this->taken[ $stock ] = ( $this->taken[ $stock ] ?? 0 ) + $quantity;
	}

	/**
	 * The stock that nobody else holds; without end where none is counted.
	 *
	 * @param WC_Product $product The article.
	 * @return float
	 */
	private function available( WC_Product $product ) {
		if ( ! $product->managing_stock() || $product->backorders_allowed() ) {
			return INF;
		}
		$own  = WC()->session->get( 'order_awaiting_payment', 0 );
		$own  = $own ? $own : WC()->session->get( 'store_api_draft_order', 0 );
		$held = wc_get_held_stock_quantity( $product, absint( $own ) );
		$used = $this->taken[ $product->get_stock_managed_by_id() ] ?? 0;
		return max( 0, (float) $product->get_stock_quantity() - $held - $used );
	}

	/**
	 * An article by its GTIN, as typed or with other leading zeros; WooCommerce 9.2 and newer.
	 *
	 * @param string $gtin The GTIN.
	 * @return int 0 if there is none.
	 */
	private static function id_by_gtin( $gtin ) {
		if ( ! function_exists( 'wc_get_product_id_by_global_unique_id' ) ) {
			return 0;
		}
		$bare = ltrim( $gtin, '0' );
		foreach ( array_unique( array( $gtin, $bare, str_pad( $bare, 13, '0', STR_PAD_LEFT ), str_pad( $bare, 14, '0', STR_PAD_LEFT ) ) ) as $form ) {
			$id = '' === $form ? 0 : (int) wc_get_product_id_by_global_unique_id( $form );
			if ( $id ) {
				return $id;
			}
		}
		return 0;
	}
}
