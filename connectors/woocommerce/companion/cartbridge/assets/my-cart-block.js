/* The block "My cart in the store" in the editor: a placeholder, because the code is each visitor's own. */
( function ( blocks, element, editor, words ) {
	blocks.registerBlockType( 'cartbridge/my-cart', {
		edit: function () {
			return element.createElement( 'div', editor.useBlockProps(),
				element.createElement( 'strong', null, words.title ),
				element.createElement( 'p', null, words.hint ) );
		},
		save: function () {
			return null;
		},
	} );
}( window.wp.blocks, window.wp.element, window.wp.blockEditor, window.cartbridgeBlock ) );
