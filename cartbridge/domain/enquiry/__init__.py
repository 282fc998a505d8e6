"""The enquiry: what somebody asked, a demonstration or a call she would like, and every answer."""
