<?php
/**
 * Walks through what the plugin promises, inside a WordPress with WooCommerce that may be changed.
 *
 *     php walk.php /path/to/wordpress
 *
 * The gateway is a function in this file. Articles, customer, webhook and carts of the walk are taken away at its end.
 *
 * @package CartBridge
 */

// phpcs:disable WordPress.Security.EscapeOutput -- a program for a terminal.

$cartbridge_site = rtrim( $argv[1] ?? '', '/' );
if ( 'cli' !== PHP_SAPI || ! is_file( "$cartbridge_site/wp-load.php" ) ) {
	fwrite( STDERR, "Say where WordPress is: php walk.php /path/to/wordpress\n" );
	exit( 2 );
}
$_SERVER['HTTP_HOST']   = 'localhost';
$_SERVER['REQUEST_URI'] = '/';
ob_start();
require "$cartbridge_site/wp-load.php";
if ( ! class_exists( 'Cartbridge_Carts' ) ) {
	fwrite( STDERR, "Activate WooCommerce and CartBridge there first.\n" );
	exit( 2 );
}

/**
 * The walk: one method per promise, each in a cart of its own.
 */
final class Cartbridge_Walk {

	const SECRET = 'walk-secret-0123456789';

	/**
	 * The messages that the gateway has taken.
	 *
	 * @var array[]
	 */
	private $heard = array();

	/**
	 * What the gateway answers.
	 *
	 * @var int
	 */
	private $status = 202;

	/**
	 * What to take away at the end.
	 *
	 * @var array
	 */
	private $made = array();

	/**
	 * How many expectations held.
	 *
	 * @var int
	 */
	private $held = 0;

	/**
	 * Walks, and takes everything away again.
	 */
	public function run() {
		add_filter( 'pre_wp_mail', '__return_true' );
		add_filter( 'pre_http_request', array( $this, 'gateway' ), 10, 3 );
		try {
			$this->set_up();
			foreach ( array( 'tells_a_change_once', 'signs_as_woocommerce', 'writes_on_condition', 'repeats_its_answer', 'names_refusals', 'merges_what_moved', 'merges_again_after_a_rollback', 'keeps_messages', 'tells_a_log_in', 'writes_a_customer_who_is_away', 'tells_a_sale_once', 'tells_where_a_sale_is_picked_up', 'tells_a_sale_that_failed_again', 'freezes_and_thaws', 'lists_without_gaps' ) as $promise ) {
				$this->$promise();
				fwrite( STDOUT, "ok   $promise\n" );
			}
			fwrite( STDOUT, "{$this->held} expectations held\n" );
		} finally {
			$this->take_away();
		}
	}

	/**
	 * The gateway, as WordPress would reach it; nothing that is sent during the walk leaves this machine.
	 *
	 * @param mixed  $answer    WordPress's.
	 * @param array  $arguments The request.
	 * @param string $url       Its address.
	 * @return mixed
	 */
	public function gateway( $answer, $arguments, $url ) {
		$ours = 0 === strpos( $url, 'https://gateway.walk.invalid/' );
		if ( $ours && $this->status < 300 && 0 !== strpos( is_string( $arguments['body'] ) ? $arguments['body'] : 'webhook_id', 'webhook_id' ) ) {
			$this->heard[] = $arguments;
		}
		return array(
			'headers'  => array(),
			'body'     => '',
			'response' => array(
				'code'    => $ours ? $this->status : 202,
				'message' => '',
			),
			'cookies'  => array(),
			'filename' => null,
		);
	}

	private function set_up() {
		update_option( 'cartbridge_quiet_until', 0 );
		$this->take_away_leftovers();
		$webhook = new WC_Webhook();
		$webhook->set_props( array( 'name' => 'walk', 'user_id' => 1, 'topic' => 'cart.updated', 'secret' => self::SECRET, 'delivery_url' => 'https://gateway.walk.invalid/hook', 'status' => 'active', 'api_version' => 'wp_api_v3' ) );
		$this->made[] = $webhook;
		$webhook->save();
		$this->article( 'WALK-A', '10', null );
		$this->article( 'WALK-B', '24.50', 2 );
		$this->made['user'] = wp_create_user( 'walk' . wp_rand(), wp_generate_password(), 'walk' . wp_rand() . '@example.invalid' );
	}

	/** What a walk that was stopped has left. */
	private function take_away_leftovers() {
		foreach ( Cartbridge_Topic::webhooks() as $webhook ) {
			if ( 'walk' === $webhook->get_name() ) {
				$webhook->delete( true );
			}
		}
		foreach ( array( 'WALK-A', 'WALK-B' ) as $sku ) {
			$article = wc_get_product( wc_get_product_id_by_sku( $sku ) );
			if ( $article ) {
				$article->delete( true );
			}
		}
	}

	private function article( $sku, $price, $stock ) {
		$article = new WC_Product_Simple();
		$article->set_props( array( 'name' => $sku, 'sku' => $sku, 'regular_price' => $price, 'status' => 'publish' ) );
		if ( null !== $stock ) {
			$article->set_manage_stock( true );
			$article->set_stock_quantity( $stock );
		}
		$article->save();
		$this->made[ $sku ] = $article;
	}

	private function take_away() {
		global $wpdb;
		foreach ( $this->made as $thing ) {
			if ( is_object( $thing ) ) {
				$thing->delete( true );
			}
		}
		if ( isset( $this->made['user'] ) ) {
			require_once ABSPATH . 'wp-admin/includes/user.php';
			wp_delete_user( $this->made['user'] );
			$this->made['carts'][] = (string) $this->made['user'];
		}
		foreach ( $this->made['carts'] ?? array() as $cart_id ) {
			foreach ( array( 'carts', 'pushes', 'outbox' ) as $table ) {
				$wpdb->delete( Cartbridge_Schema::table( $table ), array( 'cart_id' => $cart_id ) );
			}
			$wpdb->delete( $wpdb->prefix . 'woocommerce_sessions', array( 'session_key' => $cart_id ) );
		}
	}

	private function expect( $holds, $what ) {
		if ( ! $holds ) {
			throw new RuntimeException( "does not hold: $what" );
		}
		++$this->held;
	}

	/** Begins a visitor's request: of a new guest, or of somebody whose session there is. */
	private function visitor( $cart_id = null ) {
		WC()->session  = null;
		WC()->cart     = null;
		WC()->customer = null;
		wp_set_current_user( null !== $cart_id && ctype_digit( $cart_id ) ? (int) $cart_id : 0 );
		wc_load_cart();
		if ( null !== $cart_id ) {
			$stored = maybe_unserialize( Cartbridge_Sessions::row( $cart_id )->session_value ?? '' );
			$enter  = function () use ( $cart_id, $stored ) {
				$this->_customer_id = $cart_id;
				$this->_data        = is_array( $stored ) ? $stored : array();
			};
			Closure::bind( $enter, WC()->session, WC_Session::class )();
		}
		WC()->session->set_customer_session_cookie( true );
		( new WC_Cart_Session( WC()->cart ) )->get_cart_from_session();
		$id                                  = Cartbridge_Observer::cart_id();
		$this->made['carts'][ 'c' . $id ]    = $id;
		return $id;
	}

	/** Ends the visitor's request. */
	private function leave() {
		Cartbridge_Observer::finish();
		WC()->session->save_data();
		Cartbridge_Delivery::end_of_request();
	}

	private function add( $sku, $quantity = 1 ) {
		WC()->cart->add_to_cart( $this->made[ $sku ]->get_id(), $quantity );
	}

	/** What the gateway heard last, and how much is of this cart. */
	private function last( $cart_id ) {
		$bodies = array();
		foreach ( $this->heard as $message ) {
			$cart = json_decode( $message['body'], true );
			if ( $cart['external_id'] === $cart_id ) {
				$bodies[] = $cart;
			}
		}
		return array( end( $bodies ), count( $bodies ) );
	}

	private function quantities( array $cart ) {
		return wp_list_pluck( $cart['lines'], 'quantity', 'sku' );
	}

	private function write( $cart_id, $base, array $lines, $push_id = null, array $codes = array() ) {
		$body = Cartbridge_Rest_Input::write(
			array(
				'push_id'       => $push_id ?? wp_generate_uuid4(),
				'base_revision' => $base,
				'lines'         => $lines,
				'codes'         => $codes,
			)
		);
		return Cartbridge_Carts::write( $cart_id, $body );
	}

	private function line( $sku, $quantity ) {
		return compact( 'sku', 'quantity' );
	}

	private function tells_a_change_once() {
		$id = $this->visitor();
		$this->add( 'WALK-A' );
		$this->add( 'WALK-B', 2 );
		$this->leave();
		list( $cart, $count ) = $this->last( $id );
		$this->expect( 1 === $count, 'two articles in one request are one message' );
		$this->expect( 1 === $cart['revision'], 'the first revision is 1' );
		$this->expect( array( 'WALK-A' => '1', 'WALK-B' => '2' ) === $this->quantities( $cart ), 'it holds both' );
		$this->visitor( $id );
		$this->leave();
		$this->expect( 1 === $this->last( $id )[1], 'a request that changes nothing tells nothing' );
	}

	private function signs_as_woocommerce() {
		$sent = end( $this->heard );
		$this->expect( base64_encode( hash_hmac( 'sha256', $sent['body'], self::SECRET, true ) ) === $sent['headers']['X-WC-Webhook-Signature'], 'the signature is over the body' );
	}

	private function writes_on_condition() {
		$id = $this->visitor();
		$this->add( 'WALK-A' );
		$this->leave();
		list( $what, $answer ) = $this->write( $id, 1, array( $this->line( 'WALK-A', '3' ) ), 'walk-' . $id );
		$this->expect( 'written' === $what && 2 === $answer['cart']['revision'], 'a write at the revision is taken' );
		$this->expect( "walk-$id" === $answer['cart']['last_push'], 'the cart carries it' );
		list( $what, $cart ) = $this->write( $id, 1, array() );
		$this->expect( 'moved' === $what && array( 'WALK-A' => '3' ) === $this->quantities( $cart ), 'one at an older revision is not, and shows the cart' );
		$this->expect( 'unknown' === $this->write( 't_' . str_repeat( '0', 30 ), 0, array() )[0], 'nobody’s cart is unknown' );
	}

	private function repeats_its_answer() {
		$id = $this->visitor();
		$this->add( 'WALK-A' );
		$this->leave();
		$first  = $this->write( $id, 1, array( $this->line( 'WALK-A', '2' ) ), "again-$id" );
		$second = $this->write( $id, 1, array( $this->line( 'WALK-A', '9' ) ), "again-$id" );
		$this->expect( 'repeated' === $second[0] && wp_json_encode( $first[1] ) === wp_json_encode( $second[1] ), 'a repeated push_id gets its first answer' );
		$this->expect( array( 'WALK-A' => '2' ) === $this->quantities( Cartbridge_Carts::read( $id ) ), 'and does nothing' );
	}

	private function names_refusals() {
		$id = $this->visitor();
		$this->add( 'WALK-A' );
		$this->leave();
		list( , $answer ) = $this->write( $id, 1, array( $this->line( 'WALK-B', '5' ), $this->line( 'WALK-NONE', '1' ), $this->line( 'WALK-A', '0.5' ) ), null, array( 'WALK-NO-CODE' ) );
		$reasons          = array();
		foreach ( $answer['refused'] as $refusal ) {
			$reasons[ $refusal['sku'] ] = $refusal['reason'] . ' ' . $refusal['accepted'];
		}
		ksort( $reasons );
		$this->expect( array( 'WALK-A' => 'whole_pieces_only 1', 'WALK-B' => 'out_of_stock 2', 'WALK-NONE' => 'unknown_item 0' ) === $reasons, 'each line’s refusal has its reason and what was taken' );
		$this->expect( 'code_unknown' === $answer['refused_codes'][0]['reason'], 'so has a code’s' );
		$this->expect( $answer['refused'] === Cartbridge_Carts::read( $id )['refused'], 'they stay with the cart' );
	}

	private function merges_what_moved() {
		$id = $this->visitor();
		$this->add( 'WALK-A', 2 );
		$this->leave();
		$this->visitor( $id );
		$session = WC()->session;
		$cart    = WC()->cart;
		$this->write( $id, 1, array( $this->line( 'WALK-A', '5' ) ) );
		$this->expect( WC()->cart === $cart && WC()->session === $session, 'a borrowed cart is given back' );
		$this->add( 'WALK-A', 1 );
		$this->add( 'WALK-B', 1 );
		$this->leave();
		$this->expect( array( 'WALK-A' => '6', 'WALK-B' => '1' ) === $this->quantities( Cartbridge_Carts::read( $id ) ), 'what both sides did adds up' );
		$this->expect( 3 === $this->last( $id )[0]['revision'], 'and is one more revision' );
	}

	private function merges_again_after_a_rollback() {
		global $wpdb;
		$id = $this->visitor();
		$this->add( 'WALK-A', 2 );
		$this->leave();
		$this->visitor( $id );
		$this->write( $id, 1, array( $this->line( 'WALK-A', '5' ) ) );
		$this->add( 'WALK-A', 1 );
		$left  = 1;
		$break = static function ( $query ) use ( &$left ) {
			return 0 === strpos( $query, 'UPDATE' ) && false !== strpos( $query, 'cartbridge_carts' ) && $left-- > 0 ? 'SELECT * FROM no_such_table' : $query;
		};
		$wpdb->suppress_errors( true );
		add_filter( 'query', $break );
		$this->leave();
		remove_filter( 'query', $break );
		$wpdb->suppress_errors( false );
		$this->expect( $left <= 0, 'one attempt was taken back' );
		$stored = Cartbridge_Sessions::read( $id );
		$this->expect( array( 6 ) === array_map( 'intval', array_values( wp_list_pluck( $stored['cart'], 'quantity' ) ) ), 'the next one counts nothing twice and loses nothing' );
		$this->expect( 3 === (int) $stored['cartbridge_revision'] && 3 === (int) Cartbridge_Rows::find( $id )->revision, 'session and row agree' );
	}

	private function keeps_messages() {
		$this->status = 500;
		$id           = $this->visitor();
		$this->add( 'WALK-A' );
		$this->leave();
		$this->visitor( $id );
		$this->add( 'WALK-A' );
		$this->leave();
		$this->expect( 0 === $this->last( $id )[1], 'the gateway is away' );
		$this->status = 202;
		Cartbridge_Delivery::deliver_cart( $id );
		list( $cart, $count ) = $this->last( $id );
		$this->expect( 1 === $count && 2 === $cart['revision'], 'then it hears the newest state, once' );
		update_option( 'cartbridge_quiet_until', 0 );
	}

	private function tells_a_log_in() {
		$guest = $this->visitor();
		$this->add( 'WALK-A' );
		$this->leave();
		$user = $this->visitor( (string) $this->made['user'] );
		$this->add( 'WALK-A' );
		do_action( 'woocommerce_guest_session_to_user_id', $guest, $user );
		$this->leave();
		list( $cart ) = $this->last( $user );
		$this->expect( $guest === $cart['previous_id'], 'the customer’s cart names the guest’s' );
		$old = Cartbridge_Carts::read( $guest );
		$this->expect( 'merged' === $old['status'] && $user === $old['merged_into'] && $cart['revision'] === $old['into_revision'], 'the guest’s says where it went' );
		$this->expect( 'ended' === $this->write( $guest, 2, array() )[0], 'and takes no writes' );
	}

	private function writes_a_customer_who_is_away() {
		$user = (string) $this->made['user'];
		$base = Cartbridge_Carts::read( $user )['revision'];
		$this->write( $user, $base, array( $this->line( 'WALK-A', '4' ) ) );
		$kept = get_user_meta( (int) $user, '_woocommerce_persistent_cart_' . get_current_blog_id(), true );
		$this->expect( array( 4 ) === array_values( array_map( 'intval', wp_list_pluck( $kept['cart'], 'quantity' ) ) ), 'her account’s own cart holds it for her next log-in' );
	}

	private function tells_a_sale_once() {
		$id = $this->visitor();
		$this->add( 'WALK-A', 2 );
		$this->leave();
		$this->visitor( $id );
		$order                 = wc_create_order();
		$this->made[ 'order' ] = $order;
		$order->add_product( $this->made['WALK-A'], 2 );
		Cartbridge_Orders::tie( $order );
		$order->calculate_totals();
		$order->update_status( 'processing' );
		WC()->cart->empty_cart();
		$this->leave();
		$order->update_status( 'completed' );
		$this->leave();
		$told = array();
		foreach ( $this->heard as $message ) {
			$cart = json_decode( $message['body'], true );
			if ( $cart['external_id'] === $id ) {
				$told[] = $cart['revision'] . ' ' . $cart['status'] . ' ' . count( $cart['lines'] );
			}
		}
		$this->expect( array( '1 open 1', '2 ordered 1', '3 open 0' ) === $told, 'cart, sale, emptied cart, in this order' );
		$this->expect( '2' === wc_get_order( $order->get_id() )->get_meta( '_cartbridge_cart_revision' ), 'the order knows its cart’s revision' );
	}

	private function tells_where_a_sale_is_picked_up() {
		$place   = array( 'pickup_location', 0, 'Lyon &amp; Part-Dieu' );
		$classic = array( 'local_pickup', 2, '' );
		$sent    = array( 'flat_rate', 1, '' );
		$orders  = array(
			array( 'Lyon & Part-Dieu', array( $place, $place ) ),
			array( 'local_pickup:2', array( $classic ) ),
			array( null, array( $classic, $sent ) ),
			array( null, array( $classic, $place ) ),
			array( null, array() ),
		);
		foreach ( $orders as list( $where, $ways ) ) {
			$order = new WC_Order();
			foreach ( $ways as list( $method, $instance, $name ) ) {
				$way = new WC_Order_Item_Shipping();
				$way->set_props( array( 'method_id' => $method, 'instance_id' => $instance ) );
				$way->add_meta_data( 'pickup_location', $name, true );
				$order->add_item( $way );
			}
			$this->expect( Cartbridge_Sale::of( $order, 1 )['pick_up'] === $where, 'picked up: ' . wp_json_encode( $where ) );
		}
	}
	private function tells_a_sale_that_failed_again() {
		global $wpdb;
		$id = $this->visitor();
		$this->add( 'WALK-A' );
		$this->leave();
		$order                       = wc_create_order();
		$this->made['failing order'] = $order;
		$order->add_product( $this->made['WALK-A'], 1 );
		Cartbridge_Orders::tie( $order );
		$order->calculate_totals();
		$order->update_status( 'processing' );
		$break = static function ( $query ) {
			return false !== strpos( $query, 'cartbridge_outbox' ) ? 'SELECT * FROM no_such_table' : $query;
		};
		$wpdb->suppress_errors( true );
		add_filter( 'query', $break );
		$this->leave();
		remove_filter( 'query', $break );
		$wpdb->suppress_errors( false );
		$this->expect( 1 === $this->last( $id )[1] && 1 === (int) Cartbridge_Rows::find( $id )->revision, 'nothing of it is written' );
		$this->expect( false !== wp_next_scheduled( 'cartbridge_tell_order', array( $order->get_id() ) ), 'it is tried again' );
		wp_unschedule_hook( 'cartbridge_tell_order' );
		do_action( 'cartbridge_tell_order', $order->get_id() );
		$this->leave();
		$this->expect( 'ordered' === $this->last( $id )[0]['status'], 'then it is told' );
	}

	private function freezes_and_thaws() {
		$id = $this->visitor();
		$this->add( 'WALK-A' );
		$this->leave();
		$this->visitor( $id );
		Cartbridge_Carts::freeze( $id, time() + 600, 'Lyon' );
		$errors = new WP_Error();
		Cartbridge_Freeze::check_block( $errors );
		$this->expect( $errors->has_errors() && false !== strpos( $errors->get_error_message(), 'Lyon' ), 'the checkout names the store' );
		$this->expect( 1 === Cartbridge_Carts::read( $id )['revision'], 'a freeze is no change' );
		Cartbridge_Carts::freeze( $id, time() - 1, 'Lyon' );
		$errors = new WP_Error();
		Cartbridge_Freeze::check_block( $errors );
		$this->expect( ! $errors->has_errors() && null === Cartbridge_Carts::read( $id )['frozen'], 'it thaws by itself' );
	}

	private function lists_without_gaps() {
		$all    = array();
		$cursor = 0;
		do {
			$page   = Cartbridge_Carts::changed( $cursor, 2 );
			$cursor = (int) substr( $page['next'], 1 );
			$all    = array_merge( $all, wp_list_pluck( $page['items'], 'external_id' ) );
			$this->expect( count( $all ) < 10000, 'the list has an end' );
		} while ( $page['items'] );
		$this->expect( array() === array_diff( $this->made['carts'], $all ), 'every cart of the walk is listed' );
		$id = $this->visitor();
		$this->add( 'WALK-A' );
		$this->leave();
		$next = Cartbridge_Carts::changed( $cursor, 50 );
		$this->expect( array( $id ) === wp_list_pluck( $next['items'], 'external_id' ), 'then only what changed since' );
	}
}

try {
	( new Cartbridge_Walk() )->run();
} catch ( Throwable $cartbridge_error ) {
	fwrite( STDERR, "FAIL {$cartbridge_error->getMessage()} ({$cartbridge_error->getFile()}:{$cartbridge_error->getLine()})\n" );
	exit( 1 );
}
