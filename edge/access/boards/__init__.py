"""Lock boards proved by walking along them: every door opened once, its contact seen to move (走查)."""
