<?php
/**
 * The plugin's own row of each cart: what it was told, written and refused, by revision.
 *
 * @package CartBridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Reads, locks and writes the rows of carts.
 */
final class Cartbridge_Rows {

	const COLUMNS = array( 'revision', 'status', 'merged_into', 'into_revision', 'last_push', 'refused', 'last_order', 'paying_order', 'frozen_until', 'frozen_where', 'content', 'content_hash', 'identity_hash', 'changed_at' );

	/**
	 * The row of a cart as it is, or null.
	 *
	 * @param string $cart_id The cart.
	 * @return object|null
	 */
	public static function find( $cart_id ) {
		global $wpdb;
		return $wpdb->get_row( $wpdb->prepare( 'SELECT * FROM %i WHERE cart_id = %s', Cartbridge_Schema::table( 'carts' ), $cart_id ) );
	}

	/**
	 * The row of a cart, begun if need be, held until the transaction ends.
	 *
	 * @param string $cart_id The cart.
	 * @return object
	 * @throws Cartbridge_Busy If it was not to be had.
	 */
	public static function lock( $cart_id ) {
		global $wpdb;
		$table = Cartbridge_Schema::table( 'carts' );
		$row   = self::lock_known( $cart_id );
		if ( null === $row ) {
			Cartbridge_Database::must( $wpdb->query( $wpdb->prepare( 'INSERT IGNORE INTO %i (cart_id, changed_at) VALUES (%s, %d)', $table, $cart_id, time() ) ) );
			$row = self::lock_known( $cart_id );
		}
		if ( null === $row ) {
			throw new Cartbridge_Busy( 'The cart could not be locked.' );
		}
		return $row;
	}

	/**
	 * The row of a cart that has one, held until the transaction ends; null if it has none.
	 *
	 * @param string $cart_id The cart.
	 * @return object|null
	 * @throws Cartbridge_Busy If it was not to be had.
	 */
	public static function lock_known( $cart_id ) {
		global $wpdb;
		$row = $wpdb->get_row( $wpdb->prepare( 'SELECT * FROM %i WHERE cart_id = %s FOR UPDATE', Cartbridge_Schema::table( 'carts' ), $cart_id ) );
		if ( null === $row && '' !== $wpdb->last_error ) {
			throw new Cartbridge_Busy( 'The cart is being changed by somebody else.' );
		}
		return $row;
	}

	/**
	 * Writes a locked row back.
	 *
	 * @param object $row The row.
	 */
	public static function save( $row ) {
		global $wpdb;
		$values = array();
		foreach ( self::COLUMNS as $column ) {
			$values[ $column ] = $row->$column;
		}
		Cartbridge_Database::must( $wpdb->update( Cartbridge_Schema::table( 'carts' ), $values, array( 'cart_id' => $row->cart_id ) ) );
	}

	/**
	 * Takes new content into a locked row and raises its revision by one.
	 *
	 * @param object     $row     The row; it is changed, not saved.
	 * @param array|null $content What the cart holds (Cartbridge_Content), or null to leave that as it is.
	 */
	public static function raise( $row, $content ) {
		$row->revision   = (int) $row->revision + 1;
		$row->changed_at = time();
		if ( null !== $content ) {
			$row->content       = wp_json_encode( $content );
			$row->content_hash  = Cartbridge_Content::hash( $content );
			$row->identity_hash = Cartbridge_Content::identity( $content );
		}
	}

	/**
	 * The whole cart as the gateway gets it.
	 *
	 * @param object      $row         The cart's row.
	 * @param array|null  $content     What it holds; null: as it was at its newest revision.
	 * @param string|null $previous_id The guest cart that has become this one, in the message of a log-in.
	 * @return array
	 */
	public static function show( $row, $content = null, $previous_id = null ) {
		$refused = json_decode( (string) $row->refused, true );
		$frozen  = (int) $row->frozen_until > time();
		$content = $content ?? json_decode( (string) $row->content, true );
		return array_merge(
			array(
				'protocol'      => 1,
				'external_id'   => (string) $row->cart_id,
				'previous_id'   => $previous_id,
				'revision'      => (int) $row->revision,
				'status'        => 'open' === $row->status && $row->paying_order ? 'checkout' : $row->status,
				'updated_at'    => self::moment( $row->changed_at ),
				'last_push'     => $row->last_push,
				'refused'       => $refused['lines'] ?? array(),
				'refused_codes' => $refused['codes'] ?? array(),
				'merged_into'   => $row->merged_into,
				'into_revision' => null === $row->into_revision ? null : (int) $row->into_revision,
				'frozen'        => $frozen ? array(
					'until' => self::moment( $row->frozen_until ),
					'where' => $row->frozen_where,
				) : null,
			),
			is_array( $content ) ? $content : Cartbridge_Content::nothing(),
			array( 'last_order' => json_decode( (string) $row->last_order, true ) )
		);
	}

	/**
	 * A moment as RFC 3339 in UTC.
	 *
	 * @param int|string $seconds Unix time.
	 * @return string
	 */
	public static function moment( $seconds ) {
		return gmdate( 'Y-m-d\TH:i:s\Z', (int) $seconds );
	}
}
