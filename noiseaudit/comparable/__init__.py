"""When no two professionals share a case: were their cases alike, and how far can what is not in the log go."""
