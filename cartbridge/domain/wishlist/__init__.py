"""The wish list: what somebody would like, on her own or for others to give."""
