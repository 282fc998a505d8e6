"""The quote: asked for or written, priced, held, sold at a till, its rest accepted at home."""
