<?php
/**
 * What the gateway does with one cart: reads it, writes it, lists what changed.
 *
 * @package CartBridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * The carts of the shop, for the REST routes.
 */
final class Cartbridge_Carts {

	const LISTED_AT_ONCE = 500;

	/**
	 * The cart as it is in WooCommerce this moment; null if there is none.
	 *
	 * @param string $cart_id The cart.
	 * @return array|null
	 */
	public static function read( $cart_id ) {
		$row = Cartbridge_Rows::find( $cart_id );
		if ( $row && 'open' !== $row->status ) {
			return Cartbridge_Rows::show( $row );
		}
		if ( ! self::exists( $cart_id ) ) {
			return $row ? self::gone( $row ) : null;
		}
		return Cartbridge_Database::transaction(
			static function () use ( $cart_id ) {
				$row = Cartbridge_Rows::lock( $cart_id );
				return Cartbridge_Borrowed_Cart::with(
					$cart_id,
					static function ( $borrowed ) use ( $row ) {
						$content = self::heal( $row, $borrowed );
						return Cartbridge_Rows::show( $row, $content );
					}
				);
			}
		);
	}

	/**
	 * Writes the cart, on condition.
	 *
	 * @param string $cart_id The cart.
	 * @param array  $order   push_id, base_revision, lines, codes (Cartbridge_Rest_Input).
	 * @return array{0: string, 1: array|null} `written`, `repeated`, `moved`, `ended` or `unknown`, and what to answer.
	 */
	public static function write( $cart_id, array $order ) {
		$first = self::first_answer( $order['push_id'] );
		if ( null !== $first ) {
			return array( 'repeated', $first );
		}
		$row = Cartbridge_Rows::find( $cart_id );
		if ( ! self::exists( $cart_id ) && ! $row ) {
			return array( 'unknown', null );
		}
		if ( ! self::exists( $cart_id ) || ( $row && 'open' !== $row->status ) ) {
			return array( 'ended', $row && 'open' !== $row->status ? Cartbridge_Rows::show( $row ) : self::gone( $row ) );
		}
		return Cartbridge_Database::transaction(
			static function () use ( $cart_id, $order ) {
				$row   = Cartbridge_Rows::lock( $cart_id );
				$first = self::first_answer( $order['push_id'] );
				if ( null !== $first ) {
					return array( 'repeated', $first );
				}
				return Cartbridge_Borrowed_Cart::with(
					$cart_id,
					static function ( $borrowed ) use ( $row, $order ) {
						return self::write_borrowed( $row, $borrowed, $order );
					}
				);
			}
		);
	}

	/**
	 * Stops the checkout of a cart until a time, or lets it go on.
	 *
	 * @param string   $cart_id The cart.
	 * @param int|null $until   Unix time; null: it goes on.
	 * @param string   $where   The store.
	 * @return string `done`, `ended` or `unknown`.
	 */
	public static function freeze( $cart_id, $until, $where = '' ) {
		if ( ! self::exists( $cart_id ) && ! Cartbridge_Rows::find( $cart_id ) ) {
			return 'unknown';
		}
		return Cartbridge_Database::transaction(
			static function () use ( $cart_id, $until, $where ) {
				$row = Cartbridge_Rows::lock( $cart_id );
				if ( null !== $until && 'open' !== $row->status ) {
					return 'ended';
				}
				$row->frozen_until = $until;
				$row->frozen_where = null === $until ? null : mb_substr( $where, 0, 191 );
				Cartbridge_Rows::save( $row );
				return 'done';
			}
		);
	}

	/**
	 * The carts behind a position, and the position behind them.
	 *
	 * A changed cart gets its position when it is listed, not when it changes: what is committed later gets a later
	 * one, so a reader that stands at a position has seen everything before it.
	 *
	 * @param int $after Position of the reader.
	 * @param int $limit How many at most.
	 * @return array{items: array[], next: string, more: bool}
	 */
	public static function changed( $after, $limit ) {
		global $wpdb;
		$table = Cartbridge_Schema::table( 'carts' );
		$more  = self::give_positions();
		$rows  = $wpdb->get_results( $wpdb->prepare( 'SELECT * FROM %i WHERE position > %d ORDER BY position LIMIT %d', $table, $after, $limit + 1 ) );
		$more  = $more || count( $rows ) > $limit;
		$rows  = array_slice( $rows, 0, $limit );
		$last  = end( $rows );
		return array(
			'items' => array_map( array( 'Cartbridge_Rows', 'show' ), $rows ),
			'next'  => 'p' . ( $last ? (int) $last->position : $after ),
			'more'  => $more && (bool) $rows,
		);
	}

	/**
	 * Whether WooCommerce has, or may have, such a cart: a living guest session, or a customer.
	 *
	 * @param string $cart_id The cart.
	 * @return bool
	 */
	private static function exists( $cart_id ) {
		if ( Cartbridge_Sessions::is_guest( $cart_id ) ) {
			return null !== Cartbridge_Sessions::row( $cart_id );
		}
		return null !== Cartbridge_Sessions::user( $cart_id );
	}

	/**
	 * A cart whose session is over.
	 *
	 * @param object $row Its row.
	 * @return array
	 */
	private static function gone( $row ) {
		return array_merge( Cartbridge_Rows::show( $row, Cartbridge_Content::nothing() ), array( 'status' => 'gone' ) );
	}

	/**
	 * Records what changed past us, if anything did: by SQL, by a plugin that writes sessions itself.
	 *
	 * @param object                   $row      The locked row.
	 * @param Cartbridge_Borrowed_Cart $borrowed The cart.
	 * @return array What it holds.
	 */
	private static function heal( $row, $borrowed ) {
		$content = $borrowed->content( $row );
		$known   = '' === $row->identity_hash ? Cartbridge_Content::identity( Cartbridge_Content::nothing() ) : $row->identity_hash;
		if ( Cartbridge_Content::identity( $content ) !== $known ) {
			Cartbridge_Rows::raise( $row, $content );
			Cartbridge_Outbox::add( Cartbridge_Rows::show( $row, $content ), false, true );
			Cartbridge_Rows::save( $row );
			$borrowed->save( (int) $row->revision );
		}
		return $content;
	}

	/**
	 * Writes a borrowed cart.
	 *
	 * @param object                   $row      The locked row.
	 * @param Cartbridge_Borrowed_Cart $borrowed The cart.
	 * @param array                    $order    push_id, base_revision, lines, codes.
	 * @return array{0: string, 1: array}
	 */
	private static function write_borrowed( $row, $borrowed, array $order ) {
		$content = self::heal( $row, $borrowed );
		if ( (int) $order['base_revision'] !== (int) $row->revision ) {
			return array( 'moved', Cartbridge_Rows::show( $row, $content ) );
		}
		$refused = Cartbridge_Write::apply( $order['lines'], $order['codes'] );
		$content = $borrowed->content( $row );
		Cartbridge_Rows::raise( $row, $content );
		$row->last_push = $order['push_id'];
		$row->refused   = wp_json_encode( $refused );
		$borrowed->save( (int) $row->revision );
		$cart   = Cartbridge_Rows::show( $row, $content );
		$answer = array(
			'cart'          => $cart,
			'refused'       => $refused['lines'],
			'refused_codes' => $refused['codes'],
		);
		self::keep_answer( $order['push_id'], $row->cart_id, $answer );
		Cartbridge_Outbox::add( $cart, false, true );
		Cartbridge_Rows::save( $row );
		return array( 'written', $answer );
	}

	/**
	 * The first answer to a write; null if there was none.
	 *
	 * @param string $push_id The write.
	 * @return array|null
	 */
	private static function first_answer( $push_id ) {
		global $wpdb;
		$answer = $wpdb->get_var( $wpdb->prepare( 'SELECT answer FROM %i WHERE push_id = %s', Cartbridge_Schema::table( 'pushes' ), $push_id ) );
		return null === $answer ? null : json_decode( $answer, true );
	}

	/**
	 * Keeps an answer, as every repeat will get it.
	 *
	 * @param string $push_id The write.
	 * @param string $cart_id The cart.
	 * @param array  $answer  The answer.
	 */
	private static function keep_answer( $push_id, $cart_id, array $answer ) {
		global $wpdb;
		Cartbridge_Database::must(
			$wpdb->insert(
				Cartbridge_Schema::table( 'pushes' ),
				array(
					'push_id'     => $push_id,
					'cart_id'     => $cart_id,
					'answer'      => wp_json_encode( $answer ),
					'answered_at' => time(),
				)
			)
		);
	}

	/**
	 * Gives each cart that changed since it was listed a position behind all others.
	 *
	 * @return bool Whether there are more than were given one.
	 * @throws Cartbridge_Busy If somebody else is at it.
	 */
	private static function give_positions() {
		global $wpdb;
		$table = Cartbridge_Schema::table( 'carts' );
		$lock  = $table . '_positions';
		if ( 1 !== (int) $wpdb->get_var( $wpdb->prepare( 'SELECT GET_LOCK(%s, %d)', $lock, Cartbridge_Database::WAIT_SECONDS ) ) ) {
			throw new Cartbridge_Busy( 'Another call lists the changed carts.' );
		}
		try {
			$position = (int) $wpdb->get_var( $wpdb->prepare( 'SELECT MAX(position) FROM %i', $table ) );
			$changed  = $wpdb->get_results( $wpdb->prepare( 'SELECT cart_id, revision FROM %i WHERE listed_revision < revision ORDER BY changed_at, cart_id LIMIT %d', $table, self::LISTED_AT_ONCE ) );
			foreach ( $changed as $cart ) {
				++$position;
				$wpdb->query( $wpdb->prepare( 'UPDATE %i SET position = %d, listed_revision = %d WHERE cart_id = %s', $table, $position, $cart->revision, $cart->cart_id ) );
			}
			return count( $changed ) === self::LISTED_AT_ONCE;
		} finally {
			$wpdb->query( $wpdb->prepare( 'SELECT RELEASE_LOCK(%s)', $lock ) );
		}
	}
}
