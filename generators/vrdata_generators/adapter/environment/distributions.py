"""Which distribution provides a module, and which ones replace others. Names are canonical."""

from __future__ import annotations

# The same library without its dependency on the libraries of a display server.
HEADLESS = {
    "opencv-python": "opencv-python-headless",
    "opencv-contrib-python": "opencv-contrib-python-headless",
}
# What the generator child itself imports (docs/child-protocol.md). The encoders are pinned;
# the repository chooses numpy and Pillow, otherwise they are not newer than those of the worker.
CHILD_PINNED = ("av", "zlib-ng")
CHILD_BOUNDED = ("numpy", "pillow")
# Without OpenCV the known repositories write no video and still report success.
NEEDED_IF_IMPORTED = frozenset({"cv2"})
DISTRIBUTIONS = {
    "PIL": "pillow",
    "av": "av",
    "cairosvg": "cairosvg",
    "chess": "chess",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "h5py": "h5py",
    "imageio": "imageio",
    "matplotlib": "matplotlib",
    "moderngl": "moderngl",
    "moviepy": "moviepy",
    "mpl_toolkits": "matplotlib",
    "networkx": "networkx",
    "nibabel": "nibabel",
    "numba": "numba",
    "numpy": "numpy",
    "pandas": "pandas",
    "psutil": "psutil",
    "pyarrow": "pyarrow",
    "pydantic": "pydantic",
    "pygame": "pygame",
    "pylab": "matplotlib",
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
# Other distributions that provide the same module.
ALSO = {
    "chess": {"python-chess"},
    "cv2": {"opencv-contrib-python-headless"},
    "PIL": {"pillow-simd"},
}

# Large compiled libraries: building them from source is slow and fails with obscure errors.
WHEELS_ONLY = (
    "av,h5py,matplotlib,moderngl,numba,numpy,opencv-contrib-python-headless,"
    "opencv-python-headless,pandas,pillow,pyarrow,pydantic-core,pygame,scikit-image,scikit-learn,"
    "scipy,shapely,zlib-ng"
)
