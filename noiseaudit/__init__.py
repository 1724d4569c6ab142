"""noiseaudit: measure level, pattern and occasion noise in professional decisions."""
