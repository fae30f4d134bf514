"""Learning: features, labels, training and prediction. The only room with scikit-learn and joblib."""
