"""Which distribution holds a module, and which stand in for others. Names are canonical."""

from __future__ import annotations

# The same library; the plain one needs a display server's libraries to be installed.
HEADLESS = {
    "opencv-python": "opencv-python-headless",
    "opencv-contrib-python": "opencv-contrib-python-headless",
}
# What the generator child itself imports (docs/child-protocol.md). The encoders are pinned,
# numpy and Pillow are the repository's choice, else not newer than the worker's.
CHILD_PINNED = ("av", "zlib-ng")
CHILD_BOUNDED = ("numpy", "pillow")
# Without OpenCV the known repositories skip their video and still report success.
NEEDED_IF_IMPORTED = frozenset({"cv2"})
DISTRIBUTIONS = {
    "PIL": "pillow",
    "av": "av",
    "cairosvg": "cairosvg",
    "chess": "chess",
    "cv2": "opencv-python-headless",
    "h5py": "h5py",
    "imageio": "imageio",
    "matplotlib": "matplotlib",
    "moderngl": "moderngl",
    "networkx": "networkx",
    "nibabel": "nibabel",
    "numba": "numba",
    "numpy": "numpy",
    "pandas": "pandas",
    "psutil": "psutil",
    "pydantic": "pydantic",
    "pygame": "pygame",
    "pymunk": "pymunk",
    "requests": "requests",
    "scipy": "scipy",
    "seaborn": "seaborn",
    "shapely": "shapely",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "sympy": "sympy",
    "tqdm": "tqdm",
    "trimesh": "trimesh",
    "yaml": "pyyaml",
}
# Other distributions that hold the same module.
ALSO = {
    "chess": {"python-chess"},
    "cv2": {"opencv-contrib-python-headless"},
    "PIL": {"pillow-simd"},
}
