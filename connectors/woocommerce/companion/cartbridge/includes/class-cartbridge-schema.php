<?php
/**
 * The plugin's own tables: carts with their revision, answers to writes, messages on their way.
 *
 * @package CartBridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Makes, updates and drops the tables.
 */
final class Cartbridge_Schema {

	const VERSION = '1';

	/**
	 * Updates the tables after an update of the plugin, which does not activate it anew.
	 */
	public static function hook() {
		if ( get_option( 'cartbridge_schema' ) !== self::VERSION ) {
			self::install();
		}
	}

	/**
	 * A table's name on this site.
	 *
	 * @param string $name carts, pushes or outbox.
	 * @return string
	 */
	public static function table( $name ) {
		global $wpdb;
		return $wpdb->prefix . 'cartbridge_' . $name;
	}

	/**
	 * Makes the tables, or brings them up to date. InnoDB, because rows are locked.
	 */
	public static function install() {
		global $wpdb;
		require_once ABSPATH . 'wp-admin/includes/upgrade.php';
		$collate = $wpdb->get_charset_collate();
		$carts   = self::table( 'carts' );
		$pushes  = self::table( 'pushes' );
		$outbox  = self::table( 'outbox' );
		dbDelta(
			"CREATE TABLE {$carts} (
cart_id varchar(64) NOT NULL,
revision bigint(20) unsigned NOT NULL DEFAULT 0,
status varchar(12) NOT NULL DEFAULT 'open',
merged_into varchar(64) DEFAULT NULL,
into_revision bigint(20) unsigned DEFAULT NULL,
last_push varchar(191) DEFAULT NULL,
refused longtext DEFAULT NULL,
last_order longtext DEFAULT NULL,
paying_order bigint(20) unsigned DEFAULT NULL,
frozen_until bigint(20) unsigned DEFAULT NULL,
frozen_where varchar(191) DEFAULT NULL,
content longtext DEFAULT NULL,
content_hash char(32) NOT NULL DEFAULT '',
identity_hash char(32) NOT NULL DEFAULT '',
changed_at bigint(20) unsigned NOT NULL DEFAULT 0,
listed_revision bigint(20) unsigned NOT NULL DEFAULT 0,
position bigint(20) unsigned NOT NULL DEFAULT 0,
PRIMARY KEY  (cart_id),
KEY position (position),
KEY changed_at (changed_at)
) ENGINE=InnoDB {$collate};"
		);
		dbDelta(
			"CREATE TABLE {$pushes} (
push_id varchar(191) NOT NULL,
cart_id varchar(64) NOT NULL,
answer longtext NOT NULL,
answered_at bigint(20) unsigned NOT NULL,
PRIMARY KEY  (push_id),
KEY cart_id (cart_id),
KEY answered_at (answered_at)
) ENGINE=InnoDB {$collate};"
		);
		dbDelta(
			"CREATE TABLE {$outbox} (
id bigint(20) unsigned NOT NULL AUTO_INCREMENT,
webhook_id bigint(20) unsigned NOT NULL,
cart_id varchar(64) NOT NULL,
revision bigint(20) unsigned NOT NULL,
keep tinyint(1) NOT NULL DEFAULT 0,
body longtext NOT NULL,
attempts int(10) unsigned NOT NULL DEFAULT 0,
due_at bigint(20) unsigned NOT NULL,
created_at bigint(20) unsigned NOT NULL,
PRIMARY KEY  (id),
KEY cart (webhook_id, cart_id, id),
KEY due_at (due_at)
) ENGINE=InnoDB {$collate};"
		);
		update_option( 'cartbridge_schema', self::VERSION, true );
	}

	/**
	 * Drops the tables with all that is in them.
	 */
	public static function drop() {
		global $wpdb;
		foreach ( array( 'carts', 'pushes', 'outbox' ) as $name ) {
			$wpdb->query( $wpdb->prepare( 'DROP TABLE IF EXISTS %i', self::table( $name ) ) );
		}
	}
}
