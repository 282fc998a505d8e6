<?php
/**
 * Makes a borrowed cart hold what the gateway wrote, and names what it would not take.
 *
 * @package CartBridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * One write: lines first, then codes, then what really became of them.
 */
final class Cartbridge_Write {

	/**
	 * The shop's stock in this write.
	 *
	 * @var Cartbridge_Articles
	 */
	private $articles;

	/**
	 * Article id => what was wanted of it, under which name, and why not all of it.
	 *
	 * @var array<int, array>
	 */
	private $wishes = array();

	/**
	 * Lines whose article the shop does not know.
	 *
	 * @var array[]
	 */
	private $unknown = array();

	/**
	 * The codes that were not taken.
	 *
	 * @var array[]
	 */
	private $refused_codes = array();

	/**
	 * Applies a write to `WC()->cart`.
	 *
	 * @param array    $lines What it shall hold (Cartbridge_Rest_Input).
	 * @param string[] $codes Its codes.
	 * @return array{lines: array[], codes: array[]} What was refused.
	 */
	public static function apply( array $lines, array $codes ) {
		$notices = WC()->session->get( 'wc_notices', array() );
		$write   = new self();
		$write->understand( $lines );
		$write->take_out();
		$write->put_in();
		$write->apply_codes( $codes );
		WC()->cart->calculate_totals();
		WC()->session->set( 'wc_notices', $notices ? $notices : null );
		return array(
			'lines' => $write->refused_lines(),
			'codes' => $write->refused_codes,
		);
	}

	/**
	 * Begins with the shop's stock as it is.
	 */
	private function __construct() {
		$this->articles = new Cartbridge_Articles();
	}

	/**
	 * Finds each line's article; several lines of one are one wish.
	 *
	 * @param array $lines The lines.
	 */
	private function understand( array $lines ) {
		foreach ( $lines as $line ) {
			$product = Cartbridge_Articles::find( $line );
			if ( ! $product ) {
				$this->unknown[] = $line;
				continue;
			}
			$id = $product->get_id();
			if ( isset( $this->wishes[ $id ] ) ) {
				$this->wishes[ $id ]['wanted'] += $line['quantity'];
				continue;
			}
			$this->wishes[ $id ] = array(
				'product' => $product,
				'line'    => $line,
				'wanted'  => $line['quantity'],
				'reason'  => null,
				'message' => null,
			);
		}
	}

	/**
	 * Takes out the rows that no line names, so that their stock and codes are free.
	 */
	private function take_out() {
		foreach ( $this->rows() as $id => $keys ) {
			if ( ! isset( $this->wishes[ $id ] ) ) {
				foreach ( array_reverse( array_keys( $keys ) ) as $key ) {
					WC()->cart->remove_cart_item( $key );
				}
			}
		}
	}

	/**
	 * Brings each article to what is wanted, as far as it goes.
	 */
	private function put_in() {
		foreach ( $this->wishes as $id => $wish ) {
			$keys   = $this->rows()[ $id ] ?? array();
			$held   = array_sum( $keys );
			$wanted = $wish['wanted'];
			$reason = null;
			if ( (float) wc_stock_amount( $wanted ) !== (float) $wanted ) {
				$reason = 'whole_pieces_only';
				$wanted = $held;
			}
			list( $goal, $limit ) = $this->articles->limit( $wish['product'], $wanted );
			$reason               = $limit ?? $reason;
			if ( $goal < $held ) {
				$this->lessen( $keys, $held - $goal );
			} elseif ( $goal > $held ) {
				$this->add( $id, $keys, $goal - $held );
			}
			$this->articles->take( $wish['product'], $goal );
			$this->wishes[ $id ]['reason'] = $this->wishes[ $id ]['reason'] ?? $reason;
		}
	}

	/**
	 * Takes some from the youngest rows.
	 *
	 * @param array<string, float> $keys Row key => quantity, oldest first.
	 * @param float                $less How many less.
	 */
	private function lessen( array $keys, $less ) {
		foreach ( array_reverse( $keys, true ) as $key => $quantity ) {
			$taken = min( $quantity, $less );
			$less -= $taken;
			if ( $taken >= $quantity ) {
				WC()->cart->remove_cart_item( $key );
			} elseif ( $taken > 0 ) {
				WC()->cart->set_quantity( $key, $quantity - $taken, false );
			}
		}
	}

	/**
	 * Adds some to the oldest row, or makes one.
	 *
	 * @param int                  $id   The article.
	 * @param array<string, float> $keys Row key => quantity, oldest first.
	 * @param float                $more How many more.
	 */
	private function add( $id, array $keys, $more ) {
		if ( $keys ) {
			$key = (string) array_key_first( $keys );
			WC()->cart->set_quantity( $key, $keys[ $key ] + $more, false );
			return;
		}
		$product = $this->wishes[ $id ]['product'];
		$options = $product->is_type( 'variation' ) ? $product->get_variation_attributes() : array();
		if ( in_array( '', $options, true ) ) {
			$this->wishes[ $id ]['reason'] = 'needs_options';
			return;
		}
		$variation = $product->is_type( 'variation' ) ? $id : 0;
		wc_clear_notices();
		try {
			$added = WC()->cart->add_to_cart( $variation ? $product->get_parent_id() : $id, $more, $variation, $options );
		} catch ( Exception $error ) {
			$added                          = false;
			$this->wishes[ $id ]['message'] = Cartbridge_Content::plain( $error->getMessage() );
		}
		if ( ! $added ) {
			$said                           = wc_get_notices( 'error' );
			$last                           = end( $said );
			$this->wishes[ $id ]['reason']  = 'refused_by_shop';
			$this->wishes[ $id ]['message'] = $last ? Cartbridge_Content::plain( $last['notice'] ) : $this->wishes[ $id ]['message'];
		}
	}

	/**
	 * Makes the cart's codes these.
	 *
	 * @param string[] $codes The codes.
	 */
	private function apply_codes( array $codes ) {
		$wanted = array();
		foreach ( $codes as $code ) {
			$wanted[ wc_format_coupon_code( $code ) ] = $code;
		}
		$cart = WC()->cart;
		foreach ( $cart->get_applied_coupons() as $held ) {
			if ( ! isset( $wanted[ $held ] ) ) {
				$cart->remove_coupon( $held );
			}
		}
		$cart->calculate_totals();
		foreach ( $wanted as $form => $code ) {
			if ( $cart->has_discount( (string) $form ) ) {
				continue;
			}
			list( $reason, $message ) = $this->judge( (string) $form );
			if ( null === $reason ) {
				wc_clear_notices();
				$cart->apply_coupon( (string) $form );
				if ( $cart->has_discount( (string) $form ) ) {
					continue;
				}
				$said    = wc_get_notices( 'error' );
				$last    = end( $said );
				$reason  = 'code_refused';
				$message = $last ? Cartbridge_Content::plain( $last['notice'] ) : null;
			}
			$this->refused_codes[] = compact( 'code', 'reason', 'message' );
		}
	}

	/**
	 * Why a code would not be taken.
	 *
	 * @param string $code The code.
	 * @return array{0: string|null, 1: string|null} The reason, null if none, and the shop's words.
	 */
	private function judge( $code ) {
		$coupon = new WC_Coupon( $code );
		if ( ! $coupon->get_id() && ! $coupon->get_virtual() ) {
			return array( 'code_unknown', null );
		}
		$discounts = new WC_Discounts( WC()->cart );
		$valid     = $discounts->is_coupon_valid( $coupon );
		if ( ! is_wp_error( $valid ) ) {
			return array( null, null );
		}
		$reason = 'code_not_applicable';
		if ( $coupon->get_date_expires() && time() > $coupon->get_date_expires()->getTimestamp() ) {
			$reason = 'code_expired';
		} elseif ( $coupon->get_usage_limit() && $coupon->get_usage_count() >= $coupon->get_usage_limit() ) {
			$reason = 'code_used_up';
		}
		return array( $reason, Cartbridge_Content::plain( $valid->get_error_message() ) );
	}

	/**
	 * What was refused, by what is really in the cart now.
	 *
	 * @return array[]
	 */
	private function refused_lines() {
		$refused = array();
		foreach ( $this->unknown as $line ) {
			if ( $line['quantity'] > 0 ) {
				$refused[] = $this->refusal( $line, array(), $line['quantity'], 0, 'unknown_item', null );
			}
		}
		$rows = $this->rows();
		foreach ( $this->wishes as $id => $wish ) {
			$held = array_sum( $rows[ $id ] ?? array() );
			if ( (float) $held !== (float) $wish['wanted'] ) {
				$refused[] = $this->refusal( $wish['line'], Cartbridge_Content::names( $wish['product'] ), $wish['wanted'], $held, $wish['reason'] ?? 'refused_by_shop', $wish['message'] );
			}
		}
		return $refused;
	}

	/**
	 * One refusal, under the name the line had.
	 *
	 * @param array       $line     The line.
	 * @param array       $names    The article's names, if it was found.
	 * @param float       $wanted   How many were wanted.
	 * @param float       $accepted How many are there.
	 * @param string      $reason   Why.
	 * @param string|null $message  The shop's words.
	 * @return array
	 */
	private function refusal( array $line, array $names, $wanted, $accepted, $reason, $message ) {
		return array(
			'sku'          => $line['sku'] ?? ( $names['sku'] ?? null ),
			'gtin'         => $line['gtin'] ?? ( $names['global_unique_id'] ?? null ),
			'product_id'   => $names['product_id'] ?? $line['product_id'],
			'variation_id' => $names['variation_id'] ?? $line['variation_id'],
			'wanted'       => Cartbridge_Content::decimal( $wanted ),
			'accepted'     => Cartbridge_Content::decimal( $accepted ),
			'reason'       => $reason,
			'message'      => $message,
		);
	}

	/**
	 * The cart's rows by article: article id => row key => quantity, oldest first.
	 *
	 * @return array<int, array<string, float>>
	 */
	private function rows() {
		$rows = array();
		foreach ( WC()->cart->get_cart() as $key => $row ) {
			$id                          = $row['variation_id'] ? (int) $row['variation_id'] : (int) $row['product_id'];
			$rows[ $id ][ (string) $key ] = $row['quantity'];
		}
		return $rows;
	}
}
