def problems(_): return []
def proven(): return 0
def pending(): return 0
