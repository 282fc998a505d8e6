<?php
/**
 * Reads what the gateway sent, and names the field that is wrong.
 *
 * @package CartBridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Checked bodies; each function answers a value or a WP_Error 400.
 */
final class Cartbridge_Rest_Input {

	const MOST_LINES    = 500;
	const MOST_CODES    = 50;
	const MOST_QUANTITY = 1000000;
	const LONGEST_STOP  = DAY_IN_SECONDS;

	/**
	 * A write: push_id, base_revision, lines, codes.
	 *
	 * @param mixed $body The body.
	 * @return array|WP_Error
	 */
	public static function write( $body ) {
		if ( ! is_array( $body ) ) {
			return self::wrong( 'body', 'a JSON object' );
		}
		$push_id = $body['push_id'] ?? null;
		if ( ! is_string( $push_id ) || ! preg_match( '/^[\x21-\x7e]{1,191}$/', $push_id ) ) {
			return self::wrong( 'push_id', 'a text of 1 to 191 visible ASCII characters' );
		}
		$base = $body['base_revision'] ?? null;
		if ( null !== $base && ( ! is_int( $base ) || $base < 0 ) ) {
			return self::wrong( 'base_revision', 'null or a whole number from 0 on' );
		}
		$lines = self::lines( $body['lines'] ?? null );
		if ( is_wp_error( $lines ) ) {
			return $lines;
		}
		$codes = $body['codes'] ?? array();
		if ( ! is_array( $codes ) || count( $codes ) > self::MOST_CODES || array_filter( $codes, 'is_string' ) !== $codes ) {
			return self::wrong( 'codes', 'a list of at most 50 texts' );
		}
		return array(
			'push_id'       => $push_id,
			'base_revision' => (int) $base,
			'lines'         => $lines,
			'codes'         => array_values( array_filter( array_map( 'trim', $codes ), 'strlen' ) ),
		);
	}

	/**
	 * A freeze: until (Unix time) and where.
	 *
	 * @param mixed $body The body.
	 * @return array|WP_Error
	 */
	public static function freeze( $body ) {
		$until = is_array( $body ) && is_string( $body['until'] ?? null ) && preg_match( '/^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:?\d\d)$/', $body['until'] ) ? strtotime( $body['until'] ) : false;
		if ( false === $until || $until > time() + self::LONGEST_STOP ) {
			return self::wrong( 'until', 'a moment (RFC 3339) at most 24 hours away' );
		}
		$where = is_string( $body['where'] ?? null ) ? sanitize_text_field( $body['where'] ) : '';
		if ( '' === $where ) {
			return self::wrong( 'where', 'the name of a store' );
		}
		return array(
			'until' => $until,
			'where' => $where,
		);
	}

	/**
	 * A position in the list of changed carts.
	 *
	 * @param mixed $cursor What came as `changed_after`.
	 * @return int|WP_Error
	 */
	public static function position( $cursor ) {
		if ( null === $cursor || '' === $cursor ) {
			return 0;
		}
		return is_string( $cursor ) && preg_match( '/^p\d{1,15}$/', $cursor ) ? (int) substr( $cursor, 1 ) : self::wrong( 'changed_after', 'what an earlier answer gave as `next`; leave it out to begin' );
	}

	/**
	 * The lines of a write.
	 *
	 * @param mixed $lines What came.
	 * @return array|WP_Error
	 */
	private static function lines( $lines ) {
		if ( ! is_array( $lines ) || count( $lines ) > self::MOST_LINES || array_values( $lines ) !== $lines ) {
			return self::wrong( 'lines', 'a list of at most 500 lines' );
		}
		$read = array();
		foreach ( $lines as $place => $line ) {
			$one = is_array( $line ) ? self::line( $line ) : 'an object';
			if ( is_string( $one ) ) {
				return self::wrong( "lines[$place]", $one );
			}
			$read[] = $one;
		}
		return $read;
	}

	/**
	 * One line, or what it should be.
	 *
	 * @param array $line What came.
	 * @return array|string
	 */
	private static function line( array $line ) {
		$quantity = $line['quantity'] ?? null;
		if ( ! is_int( $quantity ) && ! is_float( $quantity ) && ! ( is_string( $quantity ) && preg_match( '/^\d{1,9}(\.\d{1,6})?$/', $quantity ) ) ) {
			return 'a line with a quantity from 0 on, as number or decimal string';
		}
		if ( (float) $quantity < 0 || (float) $quantity > self::MOST_QUANTITY ) {
			return 'a line with a quantity between 0 and 1000000';
		}
		$read = array( 'quantity' => (float) $quantity );
		foreach ( array( 'variation_id', 'product_id' ) as $name ) {
			$read[ $name ] = is_int( $line[ $name ] ?? null ) && $line[ $name ] > 0 ? $line[ $name ] : 0;
		}
		foreach ( array( 'sku', 'gtin' ) as $name ) {
			$read[ $name ] = is_string( $line[ $name ] ?? null ) && '' !== $line[ $name ] ? $line[ $name ] : null;
		}
		$named = $read['variation_id'] || $read['product_id'] || null !== $read['sku'] || null !== $read['gtin'];
		return $named ? $read : 'a line that names its article by variation_id, product_id, sku or gtin';
	}

	/**
	 * What is wrong, and what it should be.
	 *
	 * @param string $field The field.
	 * @param string $what  What it should be.
	 * @return WP_Error
	 */
	private static function wrong( $field, $what ) {
		return new WP_Error(
			'cartbridge_malformed',
			sprintf( '%1$s must be %2$s.', $field, $what ),
			array(
				'status' => 400,
				'params' => array( $field => $what ),
			)
		);
	}
}
