#include "common/mls/tree_math.h"

namespace amana::mls {

std::vector<NodeIndex> DirectPath(NodeIndex node, LeafCount leaves) {
  const NodeIndex root = Root(leaves);
  std::vector<NodeIndex> path;
  path.reserve(Level(root) - Level(node));
  while (node != root) {
    node = Parent(node);
    path.push_back(node);
  }
  return path;
}

}  // namespace amana::mls
