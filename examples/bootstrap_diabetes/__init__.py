"""Bootstrap intervals for a regression on scikit-learn's diabetes data: `python -m examples.bootstrap_diabetes`."""
