from tests.tiny_models import allow_models, model, model_root, models, noise

__all__ = ["allow_models", "model", "model_root", "models", "noise"]
