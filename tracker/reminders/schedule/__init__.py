"""送る日: when each kind of duty is mentioned, and to whom."""
