<?php
/**
 * Says that the cart could not be locked or written just now.
 *
 * @package CartBridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Nothing was written; the same call may be made again.
 */
final class Cartbridge_Busy extends RuntimeException {
}
