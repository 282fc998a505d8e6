from . import checkout, shopper
