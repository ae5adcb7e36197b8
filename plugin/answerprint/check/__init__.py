"""Check an edit: measure its shots, compare those of a scene, say what an attentive eye sees."""
