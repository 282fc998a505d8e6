<?php
/**
 * Somebody's session, opened outside her own request.
 *
 * @package CartBridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Reads and writes WooCommerce's table of sessions as its own handler does, without cookies and without hooks.
 */
final class Cartbridge_Borrowed_Session extends WC_Session_Handler {

	/**
	 * Opens the session of a cart; an empty one if there is none.
	 *
	 * @param string $cart_id User id, or `t_…`.
	 */
	public function __construct( $cart_id ) {
		parent::__construct();
		$row                       = Cartbridge_Sessions::row( $cart_id );
		$values                    = $row ? maybe_unserialize( $row->session_value ) : array();
		$lasts                     = Cartbridge_Sessions::is_guest( $cart_id ) ? 2 * DAY_IN_SECONDS : WEEK_IN_SECONDS;
		$this->_customer_id        = $cart_id;
		$this->_data               = is_array( $values ) ? $values : array();
		$this->_session_expiration = max( $row ? (int) $row->session_expiry : 0, time() + $lasts );
	}

	/**
	 * Nothing of it happens by itself.
	 */
	public function init() {
	}

	/**
	 * It is always one that can be saved.
	 *
	 * @return bool
	 */
	public function has_session() {
		return true;
	}
}
