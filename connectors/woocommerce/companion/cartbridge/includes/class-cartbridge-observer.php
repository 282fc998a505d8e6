<?php
/**
 * Sees every change of the visitor's cart, whoever made it, once at the end of the request.
 *
 * @package CartBridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Writes session, revision and message of a changed cart in one transaction, just before WooCommerce would save the session.
 */
final class Cartbridge_Observer {

	const BEFORE_WOOCOMMERCE_SAVES = 19;

	/**
	 * The visitor's cart in this request.
	 *
	 * @var Cartbridge_Visit|null
	 */
	private static $visit = null;

	/**
	 * The guest cart that became the customer's in this request.
	 *
	 * @var string|null
	 */
	private static $previous_id = null;

	/**
	 * Hooks loading, log-in and the end of the request.
	 */
	public static function hook() {
		add_action( 'woocommerce_load_cart_from_session', array( __CLASS__, 'begin' ) );
		add_action( 'woocommerce_guest_session_to_user_id', array( __CLASS__, 'logged_in' ), 10, 1 );
		add_action( 'shutdown', array( __CLASS__, 'finish' ), self::BEFORE_WOOCOMMERCE_SAVES );
	}

	/**
	 * Remembers the cart as it was read.
	 */
	public static function begin() {
		if ( ! Cartbridge_Borrowed_Cart::is_open() && WC()->session instanceof WC_Session ) {
			self::$visit = new Cartbridge_Visit();
			self::$visit->begin( WC()->session );
		}
	}

	/**
	 * Remembers which guest cart has become the customer's.
	 *
	 * @param string $guest_id The guest's session.
	 */
	public static function logged_in( $guest_id ) {
		self::$previous_id = (string) $guest_id;
	}

	/**
	 * Tells what became of the visitor's cart, and of the orders of this request.
	 */
	public static function finish() {
		if ( Cartbridge_Borrowed_Cart::is_open() ) {
			return;
		}
		try {
			Cartbridge_Orders::tell( self::$previous_id );
			if ( WC()->session instanceof WC_Session && WC()->cart instanceof WC_Cart && self::$visit && self::has_news() ) {
				Cartbridge_Database::transaction( array( __CLASS__, 'record' ) );
				self::$previous_id = null;
				self::$visit->begin( WC()->session );
			}
		} catch ( Throwable $error ) {
			// WooCommerce saves the session by itself right after; the next change tells it all.
			wc_get_logger()->error( 'A change of a cart could not be recorded, the next one tells it: ' . $error->getMessage(), array( 'source' => 'cartbridge' ) );
		}
	}

	/**
	 * Whether there may be anything to record: most requests change nothing and cost nothing.
	 *
	 * @return bool
	 */
	private static function has_news() {
		if ( null !== self::$previous_id ) {
			return true;
		}
		if ( ! Cartbridge_Visit::is_dirty( WC()->session ) || ! WC()->session->has_session() ) {
			return false;
		}
		return ! WC()->cart->is_empty() || null !== Cartbridge_Rows::find( self::cart_id() );
	}

	/**
	 * Records the visitor's cart, in a transaction, perhaps more than once.
	 */
	public static function record() {
		$session = WC()->session;
		$cart    = WC()->cart;
		$guest   = null === self::$previous_id ? null : Cartbridge_Rows::lock_known( self::$previous_id );
		$row     = Cartbridge_Rows::lock( self::cart_id() );
		if ( null === self::$previous_id ) {
			self::$visit->take_in( $session, $cart );
		}
		$content = Cartbridge_Content::of( $cart, WC()->customer );
		if ( $guest && 'open' === $guest->status && self::was_just_sold( $guest ) && ! $content['lines'] ) {
			self::end_guest( $guest, $row );
		} elseif ( $guest && 'open' === $guest->status ) {
			self::tell_lineage( $row, $guest, $content );
		} elseif ( Cartbridge_Content::hash( $content ) !== $row->content_hash && ( $row->revision > 0 || $content['lines'] ) ) {
			Cartbridge_Rows::raise( $row, $content );
			Cartbridge_Outbox::add( Cartbridge_Rows::show( $row, $content ) );
			Cartbridge_Rows::save( $row );
		}
		// Also when the transaction is done again: what an attempt has saved was taken back with it.
		$session->set( Cartbridge_Visit::REVISION_KEY, null );
		$session->set( Cartbridge_Visit::REVISION_KEY, (int) $row->revision );
		$session->save_data();
	}

	/**
	 * Tells that a guest's cart has become the customer's, and what it holds since.
	 *
	 * @param object $row     The customer's row.
	 * @param object $guest   The guest's row.
	 * @param array  $content What the customer's cart holds now.
	 */
	public static function tell_lineage( $row, $guest, array $content ) {
		Cartbridge_Rows::raise( $row, $content );
		Cartbridge_Rows::raise( $guest, null );
		self::end_guest( $guest, $row );
		Cartbridge_Outbox::add( Cartbridge_Rows::show( $row, $content, (string) $guest->cart_id ), true );
		Cartbridge_Rows::save( $row );
	}

	/**
	 * Ends a guest's row: her cart is the customer's.
	 *
	 * @param object $guest The guest's row.
	 * @param object $row   The customer's row.
	 */
	private static function end_guest( $guest, $row ) {
		$guest->status        = 'merged';
		$guest->merged_into   = $row->cart_id;
		$guest->into_revision = $row->revision;
		$guest->content       = null;
		Cartbridge_Rows::save( $guest );
	}

	/**
	 * Whether a guest's cart was bought and nothing has happened to it since: her account was made in that checkout.
	 *
	 * @param object $guest The guest's row.
	 * @return bool
	 */
	private static function was_just_sold( $guest ) {
		$sale = json_decode( (string) $guest->last_order, true );
		return is_array( $sale ) && (int) $sale['revision'] === (int) $guest->revision;
	}

	/**
	 * The visitor's cart: her user id, or her guest session.
	 *
	 * @return string
	 */
	public static function cart_id() {
		return (string) WC()->session->get_customer_id();
	}
}
