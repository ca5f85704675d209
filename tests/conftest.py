"""What all tests share: how hard Hypothesis tries."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "suite", max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.register_profile("soak", parent=settings.get_profile("suite"), max_examples=5_000)
settings.load_profile("suite")
