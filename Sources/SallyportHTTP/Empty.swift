// Placeholder so that the target builds; the first real file replaces it.
